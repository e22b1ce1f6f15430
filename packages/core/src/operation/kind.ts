import type { ProgressEvent, StepStatus } from "@dockersnap/contract/words";
import type { Log } from "../base/log.ts";

/** What a step may touch besides its job. */
export interface StepTools {
  /** Aborted on cancel and, in an undo, when that has not got on for long: never the signal that ended the operation. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Pass an event on to whoever follows, verbatim. */
  report(event: ProgressEvent): void;
  /** Say that the step makes progress of which there is nothing to tell. An undo that gets on is not given up. */
  getsOn(): void;
  /**
   * Words about `instance` for the operation's end, if it comes to be done; the last ones count. They are dropped where the
   * operation is about another instance, such as the one a temporary clone was made of, and while it is being undone.
   */
  conclude(instance: string, message: string): void;
  /** How another step of this operation stands; undefined where it was never begun. */
  status(step: string): StepStatus | undefined;
  /** Let go of an instance this operation no longer needs. */
  release(instance: string): void;
  /**
   * Have this done when the operation has come to its end, whichever that is, and before anything else begins on its instances.
   * Of what ends with the daemon itself: a crash does not lead here.
   */
  defer(work: () => Promise<void>): void;
}

/** What was asked, and what the steps have found out so far. Both are kept in the journal, so both are JSON. */
export interface Job<Input, State> {
  readonly input: Input;
  readonly state: State;
}

/**
 * One act with its way back. `run` and `undo` are each safe to run twice, and `undo` is safe when `run` never happened or
 * stopped half way: after a crash nobody knows how far it came.
 */
export interface Step<Input, State> {
  readonly name: string;
  /** What a person reads while it runs: "creating its dataset". */
  readonly says: string;
  /**
   * It changes records and nothing else, before it returns. Then a single wait for the disk, for the next step with a way back
   * or for the operation's end, makes it durable together with its place in the journal.
   */
  readonly recordsOnly?: true;
  /** False leaves the step out. Decided once, when its turn comes. */
  needed?(job: Job<Input, State>): boolean;
  run(job: Job<Input, State>, tools: StepTools): Promise<void> | void;
  /** Whether a run that failed so changed nothing. It is not taken back then, for which the same may be lacking. */
  changedNothing?(failure: unknown): boolean;
  undo?(job: Job<Input, State>, tools: StepTools): Promise<void> | void;
}

/** Steps in an inner list run side by side. */
export type Steps<Input, State> = readonly (Step<Input, State> | readonly Step<Input, State>[])[];

export interface Hold {
  readonly instance: string;
  /** `shared` holds stand beside each other; an `exclusive` one stands alone. */
  readonly mode: "exclusive" | "shared";
}

/** How the next daemon ends an operation this one left unfinished. */
type Recovery =
  /** Take back what was begun. */
  | "undo"
  /** Run it to its end; if that fails, take it back. */
  | "finish"
  /** As `finish` once the named step is done, as `undo` before. */
  | { readonly finishAfter: string };

/** A kind of operation: a row of the table of all there are. Stored names are only ever added. */
export interface OperationKind<Input, State> {
  readonly name: string;
  readonly cancellable: boolean;
  readonly recovery: Recovery;
  /** From this step on there is no way back: failures are tried again, then left to whoever asks again, or the next start. */
  readonly pointOfNoReturn?: string;
  /** Or what they are for one operation, by what it began with. */
  readonly steps: Steps<Input, State> | ((state: State) => Steps<Input, State>);
  /** The instance the operation is about. */
  instance(input: Input): string;
  holds(input: Input): readonly Hold[];
  /**
   * Refuse what cannot be done, before anything is journalled, and give the state to begin with. Quick: no plugin and no
   * program runs here.
   */
  prepare(input: Input): Promise<State> | State;
  /** What a client gets when it is done. */
  result(job: Job<Input, State>): Promise<unknown> | unknown;
  /** Called when steps could not be taken back (`left` names them) or, past the point of no return, could not be done. */
  failed?(job: Job<Input, State>, problem: string, left: readonly string[]): void;
}

// biome-ignore lint/suspicious/noExplicitAny: the table holds kinds of every input and state; each is typed where it is made.
export type AnyOperationKind = OperationKind<any, any>;

/** Moments inside a step, for a test to fail or kill at. `journalled` is after the end of the step was noted. */
export type StepMoment = "begin" | "acted" | "journalled" | "undo-begin" | "undo-acted";

/** Watches every step from inside. The daemon has none; the fault suite kills and fails here. */
export interface StepObserver {
  at(moment: StepMoment, kind: string, step: string, instance: string): Promise<void> | void;
}
