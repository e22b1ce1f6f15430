import type { VerificationSummary } from "@dockersnap/contract/words";
import { age, span } from "./time.ts";

/** What came of trying a snapshot out last, in a few words; nothing where that was never done. */
export function verdict(verified: VerificationSummary | undefined): string {
  if (verified === undefined) return "";
  const { ok, ready_ms, checked_at } = verified;
  const ready = ready_ms === undefined ? "" : `, ready in ${span(ready_ms)}`;
  return `${ok ? "restorable" : "NOT restorable"}${ready}, checked ${age(checked_at)} ago`;
}
