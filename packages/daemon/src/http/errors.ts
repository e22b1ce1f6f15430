import { DockersnapError, type ErrorCode, errorCodes, isErrorCode, type Operation } from "@dockersnap/contract/words";

/** What a client gets for a failure. */
export interface Failure {
  readonly status: number;
  readonly code: ErrorCode;
  readonly body: { readonly error: string; readonly code: string; readonly details?: Record<string, unknown> };
}

function failure(code: ErrorCode, error: string, details: Record<string, unknown> | undefined): Failure {
  return {
    status: errorCodes[code].status,
    code,
    body: { error, code, ...(details === undefined ? {} : { details }) },
  };
}

/** What is not ours says nothing of itself: its words were not written for clients. */
export function failureOf(error: unknown, requestId: string): Failure {
  if (error instanceof DockersnapError) return failure(error.code, error.message, error.details);
  return failure(
    "internal",
    `The daemon failed at this request. Its log has the cause under the request id ${requestId}.`,
    undefined,
  );
}

/** The failure of an ended operation; its record keeps the words the error had. */
export function failureOfOperation({ id, kind, error }: Operation): Failure {
  if (error === undefined) {
    return failure(
      "internal",
      `Operation ${id} (${kind}) ended without a result. The daemon's log has more.`,
      undefined,
    );
  }
  return failure(isErrorCode(error.code) ? error.code : "internal", error.error, error.details);
}
