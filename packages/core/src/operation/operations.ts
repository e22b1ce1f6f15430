import { DockersnapError, type Operation, type ProgressEvent } from "@dockersnap/contract/words";
import type { Clock } from "../base/clock.ts";
import type { EventSink } from "../base/events.ts";
import type { Log } from "../base/log.ts";
import type { OperationFilter, OperationRecord, Records } from "../records/records.ts";
import { chainsOf } from "./chains.ts";
import { EndedLogs } from "./ended-logs.ts";
import { execute, resume } from "./ending.ts";
import { Journal } from "./journal.ts";
import type { AnyOperationKind, StepObserver } from "./kind.ts";
import { type Holder, InstanceLocks } from "./locks.ts";
import { ProgressLog } from "./progress-log.ts";
import { pastNoReturn, type Run, type RunnerDeps } from "./runner.ts";
import { publicOperation, retold, terminalEvent } from "./view.ts";

/** What a start ends side by side: much of it is waiting for an engine to stop or to come up. */
const recoveriesAtOnce = 4;
/** Ended operations kept for looking at. */
const keptRecords = 1_000;

export interface OperationsDeps {
  readonly records: Records;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventSink;
  readonly newId: () => string;
  readonly observer?: StepObserver;
}

export interface Caller {
  /** Who asked, for the record: an address, or `daemon`. */
  readonly requestedBy: string;
  readonly idempotencyKey?: string;
  /** What was asked under that key, so that another request under it is refused. */
  readonly requestDigest?: string;
  /** What was ignored of the request, in sentences. */
  readonly warnings?: readonly string[];
}

export interface OperationHandle {
  readonly id: string;
  /** Resolves with the ended operation, whatever its end. Never rejects. */
  readonly done: Promise<Operation>;
}

/** What a request under an idempotency key is about. */
interface Asked {
  readonly kind: string;
  readonly instance: string;
  readonly digest: string | undefined;
}

interface Beginning {
  readonly asked: Asked;
  readonly handle: OperationHandle | Promise<OperationHandle>;
}

interface Active {
  readonly log: ProgressLog;
  readonly cancel: AbortController;
  readonly done: Promise<Operation>;
  readonly run: Run;
}

/** Every operation of this daemon: begun, followed, cancelled, and carried to its end after a crash. */
export class Operations {
  readonly #deps: OperationsDeps;
  readonly #kinds = new Map<string, AnyOperationKind>();
  readonly #locks = new InstanceLocks();
  readonly #active = new Map<string, Active>();
  readonly #ended = new EndedLogs();
  readonly #beginning = new Map<string, Beginning>();
  #closing = false;

  constructor(deps: OperationsDeps) {
    this.#deps = deps;
  }

  register(kind: AnyOperationKind): void {
    this.#kinds.set(kind.name, kind);
  }

  /**
   * Begin an operation. The instances it needs are held from this call on, before anything is awaited. Rejects, with
   * nothing begun, on `busy` and on whatever the kind's `prepare` refuses. A known idempotency key gives the operation
   * it first began, and rejects another request with `key_reused`.
   */
  async begin(kindName: string, input: unknown, caller: Caller): Promise<OperationHandle> {
    const key = caller.idempotencyKey;
    if (key === undefined) return this.#beginNew(kindName, input, caller);
    // A repeat may come before the first one's record is written: both get the same handle.
    const asked = { kind: kindName, instance: this.#kind(kindName).instance(input), digest: caller.requestDigest };
    const first = this.#beginning.get(key) ?? this.#known(key);
    if (first !== undefined) {
      refuseAnother(key, first.asked, asked);
      return first.handle;
    }
    const handle = this.#beginNew(kindName, input, caller);
    this.#beginning.set(key, { asked, handle });
    try {
      return await handle;
    } finally {
      this.#beginning.delete(key);
    }
  }

  async #beginNew(kindName: string, input: unknown, caller: Caller): Promise<OperationHandle> {
    this.#refuseWhenClosing();

    const kind = this.#kind(kindName);
    const holder: Holder = { id: this.#deps.newId(), kind: kind.name };
    this.#locks.take(kind.holds(input), holder);
    try {
      const state = await kind.prepare(input);
      // What `close` waits for is what had begun when it was called; nothing may begin behind its back.
      this.#refuseWhenClosing();
      const record = this.#record(kind, holder.id, input, state, caller);
      return this.#launch(kind, record, (run) => execute(this.#runnerDeps(), run));
    } catch (error) {
      for (const { instance } of kind.holds(input)) this.#locks.release(instance, holder.id);
      throw error;
    }
  }

  /** Newest first. */
  list(limit = keptRecords, which: OperationFilter = {}): readonly Operation[] {
    const recent = this.#deps.records.operations.recent(limit, which);
    return recent.map((record) => publicOperation(this.#active.get(record.id)?.run.journal.record ?? record));
  }

  get(id: string): Operation {
    const record = this.#active.get(id)?.run.journal.record ?? this.#deps.records.operations.get(id);
    if (record === undefined) {
      throw new DockersnapError("not_found", `No operation '${id}'. 'dockersnap operations' lists those there are.`);
    }
    return publicOperation(record);
  }

  /** The operation that holds this instance for itself. */
  holder(instance: string): Holder | undefined {
    return this.#locks.holder(instance);
  }

  /** Ask an operation to stop and take itself back. `wrong_state` where that cannot be. */
  cancel(id: string): Operation {
    const operation = this.get(id);
    const active = this.#active.get(id);
    if (active === undefined || operation.status !== "running") {
      throw new DockersnapError(
        "wrong_state",
        `Operation ${id} (${operation.kind}) has ended; there is nothing to cancel.`,
      );
    }
    if (!operation.cancellable || pastNoReturn(active.run)) {
      throw new DockersnapError(
        "wrong_state",
        `Operation ${id} (${operation.kind}) cannot be cancelled any more; it will end by itself.`,
      );
    }
    active.cancel.abort(new DockersnapError("cancelled", `Operation ${id} (${operation.kind}) was cancelled.`));
    return this.get(id);
  }

  /** Every event from the first to the terminal one, live while it runs. */
  follow(id: string, signal: AbortSignal): AsyncIterable<ProgressEvent> {
    const log = this.#active.get(id)?.log ?? this.#ended.get(id);
    return log === undefined ? retold(this.get(id)) : log.follow(signal);
  }

  /**
   * Carry every operation an earlier daemon left unfinished to one of its two ends: side by side, and those about the same
   * instances in the order they began. Their instances are held meanwhile.
   */
  async recover(): Promise<void> {
    const chains = chainsOf(this.#deps.records.operations.unfinished(), ({ kind, input }) =>
      (this.#kinds.get(kind)?.holds(input) ?? []).map(({ instance }) => instance),
    );
    const queue = [...chains];
    const worker = async () => {
      for (let chain = queue.shift(); chain !== undefined; chain = queue.shift()) {
        for (const record of chain) await this.#recoverOne(record);
      }
    };
    await Promise.all(Array.from({ length: recoveriesAtOnce }, worker));
  }

  /** Begin nothing more, and resolve when what runs has ended or `signal` aborts. Unfinished ones are the next daemon's. */
  async close(signal: AbortSignal): Promise<void> {
    this.#closing = true;
    const all = Promise.allSettled([...this.#active.values()].map((active) => active.done));
    const late = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([all, late]);
  }

  async #recoverOne(record: OperationRecord): Promise<void> {
    const kind = this.#kinds.get(record.kind);
    if (kind === undefined) {
      this.#deps.log.error("an unfinished operation is of an unknown kind and is given up", {
        operation: record.id,
        kind: record.kind,
      });
      this.#journal(record).end("failed", { error: unknownKind(record.kind) });
      return;
    }
    this.#locks.take(kind.holds(record.input), { id: record.id, kind: kind.name });
    await this.#launch(kind, record, (run) => resume(this.#runnerDeps(), run)).done;
  }

  #launch(kind: AnyOperationKind, record: OperationRecord, work: (run: Run) => Promise<void>): OperationHandle {
    const log = new ProgressLog();
    const cancel = new AbortController();
    const journal = this.#journal(record);
    const run: Run = {
      kind,
      journal,
      signal: cancel.signal,
      report: (event) => log.push(event),
      release: (instance) => this.#locks.release(instance, record.id),
      deferred: new AsyncDisposableStack(),
    };
    journal.open();
    const done = this.#finish(run, log, work);
    this.#active.set(record.id, { log, cancel, done, run });
    return { id: record.id, done };
  }

  async #finish(run: Run, log: ProgressLog, work: (run: Run) => Promise<void>): Promise<Operation> {
    const { journal, kind } = run;
    // Followers and the active table are set up by the caller in this same turn.
    await Promise.resolve();
    try {
      await work(run);
    } catch (error) {
      // Only the journal itself can fail here: the database is gone or the disk is full.
      this.#deps.log.error("an operation could not be journalled", { operation: journal.record.id, error });
    }
    try {
      await run.deferred.disposeAsync();
    } catch (error) {
      this.#deps.log.error("an operation could not clear up after itself", { operation: journal.record.id, error });
    }
    for (const { instance } of kind.holds(journal.record.input)) run.release(instance);
    const operation = publicOperation(journal.record);
    this.#active.delete(operation.id);
    log.end(terminalEvent(operation));
    this.#ended.add(operation.id, log);
    this.#deps.records.operations.prune(keptRecords);
    return operation;
  }

  #runnerDeps(): RunnerDeps {
    const { clock, log, observer } = this.#deps;
    return { clock, log, observer };
  }

  #journal(record: OperationRecord): Journal {
    const { records, clock, events } = this.#deps;
    return new Journal({ records, clock, publish: (event) => events.publish(event) }, record);
  }

  #record(kind: AnyOperationKind, id: string, input: unknown, state: unknown, caller: Caller): OperationRecord {
    return {
      id,
      kind: kind.name,
      instance: kind.instance(input),
      requested_by: caller.requestedBy,
      status: "running",
      cancellable: kind.cancellable,
      started_at: this.#deps.clock.now().toISOString(),
      steps: [],
      input,
      state,
      idempotencyKey: caller.idempotencyKey,
      requestDigest: caller.requestDigest,
      ...(caller.warnings === undefined || caller.warnings.length === 0 ? {} : { warnings: [...caller.warnings] }),
    };
  }

  #refuseWhenClosing(): void {
    if (this.#closing) throw new DockersnapError("shutting_down", "The daemon is stopping; try again when it is back.");
  }

  #known(key: string): Beginning | undefined {
    const record = this.#deps.records.operations.byIdempotencyKey(key);
    if (record === undefined) return undefined;
    const { id, kind, instance, requestDigest: digest } = record;
    const done = this.#active.get(id)?.done ?? Promise.resolve(publicOperation(record));
    return { asked: { kind, instance, digest }, handle: { id, done } };
  }

  #kind(name: string): AnyOperationKind {
    const kind = this.#kinds.get(name);
    if (kind === undefined) throw new DockersnapError("internal", `No kind of operation is called '${name}'.`);
    return kind;
  }
}

/** `key_reused` where a key comes with another request than the first time. */
function refuseAnother(key: string, first: Asked, now: Asked): void {
  // Records of earlier versions have no digest.
  const isKnown = first.digest !== undefined && now.digest !== undefined;
  const isSame = first.kind === now.kind && first.instance === now.instance;
  if (isSame && (!isKnown || first.digest === now.digest)) return;
  const how = isSame ? "with another body, address or caller" : `${first.kind} of '${first.instance}'`;
  throw new DockersnapError(
    "key_reused",
    `The Idempotency-Key '${key}' was used for another request: ${how}. Use a new key for a new request.`,
  );
}

function unknownKind(kind: string): DockersnapError {
  return new DockersnapError(
    "internal",
    `The last daemon left an operation of the unknown kind '${kind}'; a newer version of dockersnap may know it.`,
  );
}
