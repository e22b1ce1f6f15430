import { DockersnapError, type Verification } from "@dockersnap/contract/words";
import type { Context } from "../context.ts";
import { type Branch, branchHolds, branchSteps } from "../instance/branch.ts";
import { requireFreeName } from "../instance/create.ts";
import { findInstance, findSnapshot, readyInstance } from "../instance/lookup.ts";
import { forgetInstance, portsStep, postCloneStep, startEngineStep } from "../instance/steps.ts";
import type { Job, OperationKind, Step } from "../operation/kind.ts";
import type { Records } from "../records/records.ts";
import { requireRoom } from "../storage/room.ts";
import { untilWell } from "./until-well.ts";

export interface VerifyInput {
  readonly name: string;
  readonly label: string;
  /** What the throw-away clone is called; see `ownName`. */
  readonly clone: string;
  readonly timeoutMs: number | undefined;
}

interface VerifyState {
  readonly createdAt: string;
  /** When the snapshot was taken, by which it is found again under another label. */
  readonly takenAt: string;
  /** On the daemon's own monotonic clock, in milliseconds. */
  readonly began: number;
  verdict: Verification | undefined;
}

type VerifyJob = Job<VerifyInput, VerifyState>;

const usualTimeoutMs = 120_000;

/**
 * Try a snapshot out: boot a clone of it that nobody else sees, ask it how it is, and write down whether it can be
 * restored. Its instance is let go of as soon as the clone has branched off. A snapshot that turns out bad is a result, not
 * a failure. The clone never becomes ready, so that the next start clears it away whatever happened.
 */
export function verifySnapshot(context: Context): OperationKind<VerifyInput, VerifyState> {
  const { platform, workloads } = context;
  const { records, storage, engines, network, clock, events } = platform;
  const clone = (input: VerifyInput) => input.clone;
  const branch = (input: VerifyInput): Branch => ({
    source: input.name,
    label: input.label,
    name: input.clone,
    purpose: "verify",
  });
  return {
    name: "verify",
    cancellable: true,
    recovery: { finishAfter: "record" },
    pointOfNoReturn: "record",
    instance: (input) => input.name,
    holds: (input) => branchHolds(branch(input)),
    async prepare(input) {
      const source = readyInstance(records, input.name);
      const { createdAt: takenAt } = findSnapshot(records, input.name, input.label);
      // Of a plugin that is not there nobody can know whether it would have been well.
      if (source.workload !== undefined) platform.plugins.ready(source.workload.plugin);
      await requireFreeName(context, input.clone);
      await requireRoom(context, `verify '${input.name}@${input.label}'`);
      return { createdAt: clock.now().toISOString(), takenAt, began: clock.monotonic(), verdict: undefined };
    },
    steps: [
      ...branchSteps<VerifyInput, VerifyState>(context, branch, "branching a throw-away clone"),
      tried(context, startEngineStep(context, clone)),
      tried(context, portsStep(context, clone)),
      tried(context, postCloneStep(context, clone)),
      tried(context, healthStep(context)),
      {
        name: "record",
        says: "saving the result",
        run: ({ input, state }) => recordVerdict(records, input, state),
      },
      {
        name: "teardown",
        says: "cleaning up the workload",
        needed: ({ input }) => records.instances.get(input.clone)?.workload !== undefined,
        run: ({ input }, tools) => workloads.teardown(findInstance(records, input.clone), tools),
      },
      {
        name: "clear",
        says: "removing the clone",
        async run({ input }) {
          await engines.kill(input.clone);
          await Promise.all([network.remove(input.clone), storage.remove(input.clone)]);
          forgetInstance(context, input.clone);
        },
      },
    ],
    result({ input, state }) {
      const { ok, problem } = state.verdict ?? {};
      events.publish({ type: "instance.changed", instance: input.name });
      events.publish({
        type: "snapshot.verified",
        instance: input.name,
        data: { label: input.label, ok, ...(problem === undefined ? {} : { problem }) },
      });
      return state.verdict;
    },
    failed: ({ input }, problem) => records.instances.update(input.clone, { problem }),
  };
}

/** What a failure of says something about the snapshot; any other is a failure of the machine or the daemon. */
const telling: ReadonlySet<string> = new Set(["not_ready", "plugin_failed"]);

/** A step of bringing the clone up: its failing is what was to be found out, and leaves out the ones after it. */
function tried({ platform: { clock } }: Context, step: Step<VerifyInput, VerifyState>): Step<VerifyInput, VerifyState> {
  return {
    ...step,
    needed: (job) => job.state.verdict === undefined && (step.needed?.(job) ?? true),
    run: async (job, tools) => {
      try {
        await step.run(job, tools);
      } catch (error) {
        tools.signal.throwIfAborted();
        if (!(error instanceof DockersnapError && telling.has(error.code))) throw error;
        job.state.verdict = { ok: false, checked_at: clock.now().toISOString(), problem: error.message };
      }
    },
  };
}

function healthStep({ platform, workloads }: Context): Step<VerifyInput, VerifyState> {
  const { records, clock } = platform;
  return {
    name: "health",
    says: "checking its health",
    run: async ({ input, state }, tools) => {
      const record = findInstance(records, input.clone);
      const timeoutMs = input.timeoutMs ?? usualTimeoutMs;
      const watching = { timeoutMs, watchMs: platform.settings.verifyWatchMs };
      const { checks, lacks, wellAt } = await untilWell({ platform, workloads }, record, watching, tools);
      state.verdict = {
        ok: lacks === undefined,
        checked_at: clock.now().toISOString(),
        ...(lacks === undefined
          ? { ready_ms: Math.round((wellAt ?? clock.monotonic()) - state.began) }
          : { problem: `It did not become well within ${timeoutMs / 1000} s: ${lacks}` }),
        ...(checks.length === 0 ? {} : { checks: [...checks] }),
      };
    },
  };
}

/** The snapshot may be called otherwise by now, be gone, or be another one of its name. */
function recordVerdict(records: Records, { name, label }: VerifyInput, { takenAt, verdict }: VerifyJob["state"]): void {
  const same = records.snapshots.of(name).filter(({ createdAt }) => createdAt === takenAt);
  const found = same.find((snapshot) => snapshot.label === label) ?? same[0];
  if (found !== undefined) records.snapshots.update(name, found.label, { verified: verdict });
}
