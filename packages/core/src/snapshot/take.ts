import { currentStateWord, DockersnapError, type SnapshotRequest, scheduleTag } from "@dockersnap/contract/words";
import type { Context } from "../context.ts";
import { type EngineBefore, noteContainers, refuseRemovedByStop } from "../instance/containers.ts";
import { findInstance, findSnapshot, readyInstance } from "../instance/lookup.ts";
import { longestLookMs, restoreEngine } from "../instance/steps.ts";
import { inTime } from "../operation/in-time.ts";
import type { Job, OperationKind, StepTools } from "../operation/kind.ts";
import type { Records } from "../records/records.ts";
import { requireRoom } from "../storage/room.ts";
import { requireFutureExpiry, sameForm } from "./expiry.ts";
import { holdingContainers } from "./hold-still.ts";
import { findNotCaptured } from "./not-captured.ts";
import { describeSnapshot } from "./view.ts";

export type TakeInput = SnapshotRequest & { readonly name: string };

interface TakeState extends EngineBefore {
  readonly createdAt: string;
  readonly parent: string | undefined;
  notCaptured: string[];
  atomicMs: number | undefined;
  /** On the daemon's own monotonic clock, in milliseconds. */
  frozenAt: number;
  freezeMs: number | undefined;
  /** The plugin holds the workload still: whatever becomes of the plugin, it is to be let go. */
  quiesced: boolean;
  /** Absent in the journal of an older daemon. */
  warnings?: readonly string[];
}

/** A pool whose dirty data nobody bounds may take longer than anybody wants to wait; the snapshot is then only slower. */
const longestSettleMs = 15_000;

type TakeJob = Job<TakeInput, TakeState>;

/** Keep this moment of an instance. A stopped instance is as still as it can be, whatever mode was asked for. */
export function takeSnapshot(context: Context): OperationKind<TakeInput, TakeState> {
  const { platform, workloads } = context;
  const { storage, engines, records, clock } = platform;
  const instance = (input: TakeInput) => findInstance(records, input.name);
  const mode = ({ input }: TakeJob) => input.mode ?? "live";
  const running = ({ state }: TakeJob) => state.wasRunning;
  const quiesces = (job: TakeJob) => workloads.hasHook(instance(job.input), "pre_snapshot");
  // Nothing waits for a live snapshot to end but who asked for it; what is held still or locked is let go the sooner.
  const looksBeside = (job: TakeJob) => mode(job) === "live" && !quiesces(job);
  const lookAt = async ({ input, state }: TakeJob, { signal }: Pick<StepTools, "signal">) => {
    const [{ sentences, problems }, unanswered] = await Promise.all([
      findNotCaptured(platform, input.name, signal),
      state.wasRunning && mode({ input, state }) !== "stopped" ? whyUnanswered(context, input.name, signal) : undefined,
    ]);
    state.notCaptured = sentences;
    state.warnings = [...(unanswered === undefined ? [] : [unanswered]), ...problems];
  };
  return {
    name: "snapshot",
    cancellable: true,
    recovery: { finishAfter: "record" },
    instance: (input) => input.name,
    holds: (input) => [{ instance: input.name, mode: "exclusive" }],
    async prepare(input) {
      const record = readyInstance(records, input.name);
      requireFutureExpiry(clock, input.name, input.label, input.expires_at);
      await requireFreeLabel(context, input.name, input.label);
      await requireRoom(context, `snapshot '${input.name}'`);
      return {
        wasRunning: (await engines.state(input.name)) === "running",
        createdAt: clock.now().toISOString(),
        parent: record.head,
        ran: [],
        notCaptured: [],
        atomicMs: undefined,
        frozenAt: 0,
        freezeMs: undefined,
        quiesced: false,
      };
    },
    steps: [
      {
        name: "pre_snapshot",
        says: "preparing the workload for the snapshot",
        needed: (job) => running(job) && quiesces(job),
        run: async ({ input, state }, tools) => {
          await workloads.hook(instance(input), "pre_snapshot", tools);
          state.quiesced = true;
        },
        undo: ({ input }, tools) => workloads.release(instance(input), tools),
      },
      {
        name: "settle",
        says: "flushing writes to disk",
        needed: (job) => running(job),
        run: async (job, { signal }) => {
          const soon = AbortSignal.any([signal, AbortSignal.timeout(longestSettleMs)]);
          await Promise.all([
            looksBeside(job) ? undefined : lookAt(job, { signal }),
            mode(job) === "stopped" ? noteForStop(context, job) : undefined,
            storage.settle(job.input.name, soon),
          ]);
        },
      },
      {
        name: "shutdown",
        says: "stopping the containers",
        needed: (job) => running(job) && mode(job) === "stopped",
        run: ({ input }, { signal }) => engines.stop(input.name, signal),
        undo: ({ input, state }, tools) => restoreEngine(context, input.name, state, tools),
      },
      {
        name: "freeze",
        says: "pausing the containers",
        needed: (job) => running(job) && mode(job) === "paused",
        run: async ({ input, state }) => {
          state.frozenAt = clock.monotonic();
          await engines.freeze(input.name);
        },
        undo: ({ input }) => engines.thaw(input.name),
      },
      [
        {
          name: "take",
          says: "taking the snapshot",
          run: async (job) => {
            const { input, state } = job;
            const before = clock.monotonic();
            const tell = (ms: number) => {
              state.freezeMs = round(ms);
            };
            // One that is held already, or stopped, is still.
            const still = mode(job) === "live" ? holdingContainers(platform, input.name, tell) : undefined;
            await storage.snapshot(input.name, input.label, still);
            state.atomicMs = round(clock.monotonic() - before);
          },
          undo: async ({ input }) => {
            // A daemon that died while it held them has let go of nothing.
            await engines.thaw(input.name);
            await storage.removeSnapshot(input.name, input.label);
          },
        },
        {
          name: "look",
          says: "checking for data outside the snapshot",
          needed: (job) => looksBeside(job) || !running(job),
          run: lookAt,
        },
      ],
      {
        name: "thaw",
        says: "resuming the containers",
        needed: (job) => running(job) && mode(job) === "paused",
        run: async ({ input, state }) => {
          await engines.thaw(input.name);
          state.freezeMs = round(clock.monotonic() - state.frozenAt);
        },
      },
      {
        name: "engine",
        says: "restarting the containers",
        needed: (job) => running(job) && mode(job) === "stopped",
        run: ({ input, state }, tools) => restoreEngine(context, input.name, state, tools),
      },
      {
        name: "post_snapshot",
        says: "resuming the workload",
        needed: ({ state }) => state.quiesced,
        run: ({ input }, tools) => workloads.release(instance(input), tools),
      },
      {
        name: "record",
        says: "saving the new state",
        recordsOnly: true,
        run: (job) => record(context, job),
        undo: ({ input, state }) =>
          records.transaction(() => {
            records.snapshots.remove(input.name, input.label);
            records.instances.update(input.name, { head: state.parent });
          }),
      },
    ],
    result({ input, state: { warnings = [] } }) {
      platform.events.publish({ type: "instance.changed", instance: input.name });
      const taken = describeSnapshot(findSnapshot(records, input.name, input.label));
      return { status: "ok", ...taken, ...(warnings.length === 0 ? {} : { warnings: [...warnings] }) };
    },
    failed: ({ input }, problem) => records.instances.update(input.name, { problem }),
  };
}

async function noteForStop({ platform: { engines } }: Context, { input: { name }, state }: TakeJob): Promise<void> {
  const api = engines.api(name);
  await noteContainers(api, state);
  await refuseRemovedByStop(api, name, state);
}

/** A snapshot needs no engine, so one that hangs costs nothing but this sentence. */
async function whyUnanswered({ platform }: Context, name: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    await inTime(platform.engines.api(name).containers(), longestLookMs, signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    platform.log.warn("an engine does not answer while its instance is snapshotted", { instance: name, error });
    return `The Docker engine of '${name}' does not answer. The snapshot holds what is on disk; see 'dockersnap status ${name}'.`;
  }
}

/** Whether a label is there, in the records or on the disk: what is must never be written over or undone away. */
async function isTaken({ platform }: Context, instance: string, label: string): Promise<boolean> {
  const { records, storage } = platform;
  return records.snapshots.get(instance, label) !== undefined || (await storage.hasSnapshot(instance, label));
}

/** `label`, or with a number behind it where that is taken: a clock that was set back comes by the same time again. */
export async function freeLabel(context: Context, instance: string, label: string): Promise<string> {
  let free = label;
  for (let number = 2; await isTaken(context, instance, free); number += 1) free = `${label}-${number}`;
  return free;
}

/** `already_exists` if the label is taken, `invalid_request` for the word that means the current state. */
export async function requireFreeLabel(context: Context, instance: string, label: string): Promise<void> {
  if (label === currentStateWord) {
    throw new DockersnapError(
      "invalid_request",
      `A snapshot cannot be called '${label}': in 'dockersnap diff' that word means the current state of an instance. Choose another label.`,
    );
  }
  if (!(await isTaken(context, instance, label))) return;
  throw new DockersnapError(
    "already_exists",
    `Instance '${instance}' has a snapshot '${label}' already. Choose another label, or remove it with 'dockersnap delete ${instance}@${label}'.`,
  );
}

/** A schedule that was removed while its snapshot was taken leaves an ordinary one. */
function tagsOf(records: Records, { name, tags = {} }: TakeInput): Readonly<Record<string, string>> {
  const { [scheduleTag]: schedule, ...others } = tags;
  return records.schedules.of(name).some(({ id }) => id === schedule) ? tags : others;
}

function record({ platform: { records } }: Context, job: TakeJob): void {
  const { input, state } = job;
  records.transaction(() => {
    if (records.snapshots.get(input.name, input.label) === undefined) {
      records.snapshots.insert({
        instance: input.name,
        label: input.label,
        createdAt: state.createdAt,
        mode: input.mode ?? "live",
        tags: tagsOf(records, input),
        parent: state.parent,
        protected: input.protected ?? false,
        expiresAt: sameForm(input.expires_at),
        freezeMs: state.freezeMs,
        atomicMs: state.atomicMs,
        notCaptured: state.notCaptured,
        verified: undefined,
      });
    }
    records.instances.update(input.name, { head: input.label });
  });
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
