import type { Operation, ProgressEvent } from "@dockersnap/contract/words";
import type { OperationRecord } from "../records/records.ts";
import { closingSentence } from "./closing.ts";

/** The operation as clients see it: without what only the journal needs. */
export function publicOperation(record: OperationRecord): Operation {
  const { input: _input, state: _state, idempotencyKey: _key, requestDigest: _digest, ...operation } = record;
  return { ...operation, steps: operation.steps.map((step) => ({ ...step })) };
}

/** The last event of an ended operation. */
export function terminalEvent(operation: Operation): ProgressEvent {
  const { kind, message = closingSentence(operation), warnings } = operation;
  const ignored = warnings === undefined ? {} : { warnings };
  if (operation.status === "done") return { step: "complete", status: "done", message, ...ignored };
  const { error, code } = operation.error ?? { error: `The ${kind} did not end.`, code: "internal" };
  return { step: "error", status: "error", message: error, code, ...ignored };
}

/** An operation whose single events are gone, told again from its record. */
export async function* retold(operation: Operation): AsyncGenerator<ProgressEvent, void, void> {
  for (const step of operation.steps) {
    yield {
      step: step.name,
      status: step.status === "done" ? "done" : "error",
      ...(step.error ? { message: step.error } : {}),
    };
  }
  yield terminalEvent(operation);
}
