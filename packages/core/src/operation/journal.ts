import type { ErrorCode, OperationStatus, StepStatus } from "@dockersnap/contract/words";
import { DockersnapError } from "@dockersnap/contract/words";
import type { Clock } from "../base/clock.ts";
import type { NewEvent } from "../base/events.ts";
import type { OperationRecord, Records } from "../records/records.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface JournalDeps {
  readonly records: Records;
  readonly clock: Clock;
  readonly publish: (event: NewEvent) => void;
}

/**
 * How a change is kept. `synced` is durable before the call returns. `written` is so with the next one that is synced: a crash
 * does not lose it, and a power cut no more than all that came after the last sync. `noted` waits for the next change to be
 * written at all.
 */
type Keeping = "synced" | "written" | "noted";

/** One operation's record while it is being worked on. */
export class Journal {
  readonly #deps: JournalDeps;
  readonly #record: Mutable<OperationRecord>;

  constructor(deps: JournalDeps, record: OperationRecord) {
    this.#deps = deps;
    this.#record = { ...record, steps: record.steps.map((step) => ({ ...step })) };
  }

  get record(): OperationRecord {
    return this.#record;
  }

  stepStatus(name: string): StepStatus | undefined {
    return this.#record.steps.find((step) => step.name === name)?.status;
  }

  /** Nothing has been done yet, so a power cut may take it: whatever has a way back is synced before it begins. */
  open(): void {
    this.#save("written");
    this.#deps.publish({ type: "operation.started", ...this.#subject(), data: { kind: this.#record.kind } });
  }

  /**
   * Write down how a step stands. What is lost of one that is only `noted` is that a step, safe to run and take back twice,
   * was done, or that one without a way back was begun.
   */
  step(name: string, status: StepStatus, how: { readonly error?: string; readonly keep?: Keeping } = {}): void {
    const now = this.#now();
    const ended = status === "running" || status === "undoing" ? {} : { ended_at: now };
    const failure = how.error === undefined ? {} : { error: how.error };
    const steps = this.#record.steps;
    const index = steps.findIndex((step) => step.name === name);
    const present = steps[index];
    if (present === undefined) steps.push({ name, status, started_at: now, ...ended, ...failure });
    else steps[index] = { ...present, status, ...ended, ...failure };
    this.#save(how.keep);
    this.#deps.publish({ type: "operation.step", ...this.#subject(), data: { step: name, status } });
  }

  /** Run what writes records and nothing else: it is durable with the next change that is synced. */
  recording(work: () => unknown): void {
    this.#deps.records.lazily(work);
  }

  /** What the operation is told to end with, if it comes to be done. */
  conclude(message: string): void {
    this.#record.message = message;
  }

  undoing(cause: unknown): void {
    this.#record.status = "undoing";
    this.#record.error = describeFailure(cause);
    this.#save();
  }

  end(
    status: Extract<OperationStatus, "done" | "failed" | "cancelled">,
    outcome: { result?: unknown; error?: unknown },
  ): void {
    this.#record.status = status;
    this.#record.ended_at = this.#now();
    if (outcome.result !== undefined) this.#record.result = outcome.result;
    if (outcome.error !== undefined) this.#record.error = describeFailure(outcome.error);
    if (status === "done") delete this.#record.error;
    else delete this.#record.message;
    this.#save();
    this.#deps.publish({ type: "operation.ended", ...this.#subject(), data: { kind: this.#record.kind, status } });
  }

  recovered(how: "finished" | "undone"): void {
    this.#record.recovered = how;
    this.#save();
  }

  #subject(): { operation: string; instance: string } {
    return { operation: this.#record.id, instance: this.#record.instance };
  }

  #now(): string {
    return this.#deps.clock.now().toISOString();
  }

  #save(keep: Keeping = "synced"): void {
    const { records } = this.#deps;
    if (keep === "synced") records.operations.save(this.#record);
    if (keep === "written") records.lazily(() => records.operations.save(this.#record));
  }
}

/** A failure as the record and every client carry it; what is not ours becomes `internal` without its details. */
function describeFailure(cause: unknown): { error: string; code: ErrorCode; details?: Record<string, unknown> } {
  if (!(cause instanceof DockersnapError)) {
    return isRecorded(cause) ? cause : { error: "The daemon failed at this; its log has the cause.", code: "internal" };
  }
  return {
    error: cause.message,
    code: cause.code,
    ...(cause.details === undefined ? {} : { details: cause.details }),
  };
}

function isRecorded(cause: unknown): cause is { error: string; code: ErrorCode } {
  return typeof cause === "object" && cause !== null && "error" in cause && "code" in cause;
}
