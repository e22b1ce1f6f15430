import { DockersnapError, type ProgressEvent } from "@dockersnap/contract/words";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Journal } from "./journal.ts";
import type { AnyOperationKind, Job, Step, StepObserver, Steps, StepTools } from "./kind.ts";
import { patienceOf } from "./patience.ts";

// biome-ignore lint/suspicious/noExplicitAny: see AnyOperationKind.
type AnyStep = Step<any, any>;
type AnyJob = Job<unknown, unknown>;

/** An undo is given up when it has not got on for so long, whatever ended the operation: it never has less time than the way there. */
const undoPatienceMs = 120_000;

/** A step past the point of no return is tried this often; a device is busy for as long as the last process takes to be reaped. */
const attemptsPastNoReturn = 3;
const retryDelayMs = 250;

export interface RunnerDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly observer: StepObserver | undefined;
}

export interface Run {
  readonly kind: AnyOperationKind;
  readonly journal: Journal;
  readonly signal: AbortSignal;
  report(event: ProgressEvent): void;
  release(instance: string): void;
  readonly deferred: AsyncDisposableStack;
}

/** Run the steps that are not done yet. Rejects with the first failure, after every step that ran beside it has ended. */
export async function runSteps(deps: RunnerDeps, run: Run): Promise<void> {
  const groups = stepsOf(run).map((entry): readonly AnyStep[] => (Array.isArray(entry) ? entry : [entry as AnyStep]));
  const wasReached = (step: AnyStep) => run.journal.stepStatus(step.name) !== undefined;
  const lastReached = groups.findLastIndex((group) => group.some(wasReached));
  for (const [index, whole] of groups.entries()) {
    // What an earlier daemon left out stays left out: what it was decided by may be gone by now.
    const group = index < lastReached ? whole.filter(wasReached) : whole;
    const stop = new AbortController();
    const signal = AbortSignal.any([run.signal, stop.signal]);
    const outcomes = await Promise.allSettled(
      group.map(async (step) => {
        try {
          await runStep(deps, { ...run, signal }, step);
        } catch (error) {
          stop.abort(error);
          throw error;
        }
      }),
    );
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }
}

async function runStep(deps: RunnerDeps, run: Run, step: AnyStep): Promise<void> {
  const { journal, kind } = run;
  const job = journal.record as AnyJob;
  if (journal.stepStatus(step.name) === "done") return;
  if (step.needed?.(job) === false) return;
  run.signal.throwIfAborted();

  const hasWayBack = step.name !== kind.pointOfNoReturn && !pastNoReturn(run);
  const attempts = hasWayBack ? 1 : attemptsPastNoReturn;
  for (let attempt = 1; ; attempt += 1) {
    let isThrough = false;
    try {
      journal.step(step.name, "running", { keep: keepingOfBegin(kind, step) });
      run.report({ step: step.name, status: "running", message: step.says });
      await deps.observer?.at("begin", kind.name, step.name, journal.record.instance);
      await act(deps, run, step);
      isThrough = true;
      await deps.observer?.at("acted", kind.name, step.name, journal.record.instance);
      journal.step(step.name, "done", { keep: keepingOfEnd(run, step) });
      run.report({ step: step.name, status: "done" });
      await deps.observer?.at("journalled", kind.name, step.name, journal.record.instance);
      return;
    } catch (error) {
      const isUndone = attempt === 1 && !isThrough && step.changedNothing?.(error) === true;
      journal.step(step.name, isUndone ? "undone" : "failed", { error: messageOf(error) });
      if (attempt >= attempts) throw error;
      deps.log.warn("a step that cannot be taken back failed and is tried again", { step: step.name, attempt, error });
      await pause(deps.clock, retryDelayMs * attempt);
    }
  }
}

/**
 * Take back every step that was begun, last first. A failing undo is tried once more, logged with its name, and never
 * keeps the earlier ones from being taken back. Resolves with the names of those that could not be.
 */
export async function undoSteps(deps: RunnerDeps, run: Run): Promise<readonly string[]> {
  const begun = stepsOf(run)
    .flat()
    .filter((step: AnyStep) => step.undo !== undefined && wasBegun(run.journal, step.name))
    .reverse() as AnyStep[];
  const left: string[] = [];
  for (const step of begun) {
    if (!(await undoStep(deps, run, step))) left.push(step.name);
  }
  return left;
}

async function undoStep(deps: RunnerDeps, run: Run, step: AnyStep): Promise<boolean> {
  const { journal, kind } = run;
  journal.step(step.name, "undoing");
  run.report({ step: step.name, status: "running", message: `undoing: ${step.says}` });
  for (const attempt of [1, 2]) {
    try {
      await deps.observer?.at("undo-begin", kind.name, step.name, journal.record.instance);
      await step.undo?.(journal.record as AnyJob, undoTools(deps, run));
      await deps.observer?.at("undo-acted", kind.name, step.name, journal.record.instance);
      journal.step(step.name, "undone");
      return true;
    } catch (error) {
      deps.log.error("taking back a step failed", { operation: journal.record.id, step: step.name, attempt, error });
      if (attempt === 2) journal.step(step.name, "undo_failed", { error: messageOf(error) });
    }
  }
  return false;
}

/** Whether the step that has no way back was begun: how far it came, nobody can know. */
export function pastNoReturn(run: Pick<Run, "kind" | "journal">): boolean {
  const { pointOfNoReturn } = run.kind;
  return pointOfNoReturn !== undefined && run.journal.stepStatus(pointOfNoReturn) !== undefined;
}

function act(deps: RunnerDeps, run: Run, step: AnyStep): Promise<void> | void {
  const perform = () => step.run(run.journal.record as AnyJob, tools(deps, run, run.signal));
  return step.recordsOnly === true ? run.journal.recording(perform) : perform();
}

/** Each sync waits for the disk, behind whatever else writes to it: only what the way back depends on is worth that. */
function keepingOfBegin({ pointOfNoReturn }: AnyOperationKind, { name, undo, recordsOnly }: AnyStep) {
  if (name === pointOfNoReturn) return "synced";
  if (undo === undefined) return "noted";
  return recordsOnly === true ? "written" : "synced";
}

function keepingOfEnd(run: Run, step: AnyStep) {
  if (!decidesRecovery(run.kind, step)) return "noted";
  // The operation's own end is synced right after that of its last step.
  return stepsOf(run).at(-1) === step ? "written" : "synced";
}

// biome-ignore lint/suspicious/noExplicitAny: see AnyOperationKind.
function stepsOf({ kind, journal }: Run): Steps<any, any> {
  return typeof kind.steps === "function" ? kind.steps(journal.record.state) : kind.steps;
}

/** Whether a crash right after this step ends the operation otherwise than one right before its end. */
function decidesRecovery({ recovery }: AnyOperationKind, step: AnyStep): boolean {
  return typeof recovery === "object" && recovery.finishAfter === step.name;
}

function wasBegun(journal: Journal, step: string): boolean {
  const status = journal.stepStatus(step);
  return status !== undefined && status !== "undone";
}

function tools(deps: RunnerDeps, run: Run, signal: AbortSignal): StepTools {
  return {
    signal,
    log: deps.log.child({ operation: run.journal.record.id, instance: run.journal.record.instance }),
    report: (event) => run.report(event),
    getsOn: () => undefined,
    conclude(instance, message) {
      if (instance === run.journal.record.instance) run.journal.conclude(message);
    },
    status: (step) => run.journal.stepStatus(step),
    release: (instance) => run.release(instance),
    defer: (work) => run.deferred.defer(work),
  };
}

function undoTools(deps: RunnerDeps, run: Run): StepTools {
  const { signal, renew } = patienceOf(undoPatienceMs);
  const usual = tools(deps, run, signal);
  return {
    ...usual,
    getsOn: renew,
    conclude: () => undefined,
    report(event) {
      renew();
      usual.report(event);
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof DockersnapError ? error.message : "internal failure; see the daemon's log";
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
