import { contractVersion, type ValidateResponse } from "@dockersnap/contract/words";

/** What is wrong with a configuration beyond its types. Any error refuses it; warnings reach the caller. */
export interface ValidateResult {
  readonly errors?: readonly string[];
  readonly warnings?: readonly string[];
}

export function validateResponse({ errors = [], warnings = [] }: ValidateResult): ValidateResponse {
  return {
    contract_version: contractVersion,
    valid: errors.length === 0,
    errors: [...errors],
    warnings: [...warnings],
  };
}
