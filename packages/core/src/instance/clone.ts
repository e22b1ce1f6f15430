import type { Context } from "../context.ts";
import type { Job, OperationKind, Step, Steps } from "../operation/kind.ts";
import { outsideOf } from "../snapshot/not-captured.ts";
import { discard, takeWaiting } from "../standby/take.ts";
import { requireRoom } from "../storage/room.ts";
import { type Branch, branchHolds, branchSteps, requireBranch } from "./branch.ts";
import { changedLimits, requireBounds, requireProcessors } from "./limits.ts";
import { findInstance } from "./lookup.ts";
import { commitNewStep, portsStep, postCloneStep, startEngineStep } from "./steps.ts";

export interface CloneInput extends Omit<Branch, "purpose"> {
  /** A clone of this snapshot that waits and is to become this one. */
  readonly standby?: string;
}

interface CloneState {
  readonly createdAt: string;
  /** The one that waited could not be taken, so the clone is made like any other. */
  missed?: boolean;
}

/** Of its files, once it is there. */
const longestLookMs = 3_000;

/** A new instance that begins as another was at a snapshot, on a subnet and host ports of its own. */
export function cloneInstance(context: Context): OperationKind<CloneInput, CloneState> {
  const { platform, describe } = context;
  const name = (input: CloneInput) => input.name;
  return {
    name: "clone",
    cancellable: true,
    recovery: { finishAfter: "commit" },
    instance: name,
    holds: (input) => [
      ...branchHolds(input),
      ...(input.standby === undefined ? [] : [{ instance: input.standby, mode: "exclusive" } as const]),
    ],
    async prepare(input) {
      const source = await requireBranch(context, input);
      requireProcessors(platform, input.name, input.limits);
      await requireBounds(platform, input.name, changedLimits(source.limits, input.limits));
      await requireRoom(context, `clone '${input.source}@${input.label}'`);
      return { createdAt: platform.clock.now().toISOString() };
    },
    steps: [
      takeStep(context),
      ...unlessTaken(branchSteps<CloneInput, CloneState>(context, (input) => input, "cloning its dataset")),
      ...unlessTaken<CloneInput, CloneState>([startEngineStep(context, name), portsStep(context, name)]),
      postCloneStep(context, name),
      commitNewStep(context, name),
    ],
    async result({ input }) {
      platform.events.publish({ type: "instance.created", instance: input.name });
      const signal = AbortSignal.timeout(longestLookMs);
      const [created, outside] = await Promise.all([
        describe(findInstance(platform.records, input.name)),
        outsideOf(platform, input.name, signal),
      ]);
      return { ...created, ...outside };
    },
    failed: ({ input }, problem) => platform.records.instances.update(input.name, { problem }),
  };
}

/**
 * Make the clone that waits the one that was asked for. Whatever goes wrong, it is taken away and a clone made in its place:
 * nobody's clone fails for one that was only meant to be quicker.
 */
function takeStep(context: Context): Step<CloneInput, CloneState> {
  return {
    name: "take",
    says: "claiming a standby clone",
    needed: ({ input }) => input.standby !== undefined,
    run: async ({ input, state }, { signal, log, release }) => {
      const { standby = "" } = input;
      try {
        await takeWaiting(context, { standby, name: input.name, createdAt: state.createdAt }, signal);
      } catch (error) {
        signal.throwIfAborted();
        log.warn("a clone that waited could not be taken; one is made instead", { standby, error });
        await discard(context, [standby, input.name]);
        state.missed = true;
      }
      if (state.missed !== true) release(input.source);
    },
    undo: ({ input }) => discard(context, [input.standby ?? "", input.name]),
  };
}

function unlessTaken<Input extends CloneInput, State extends CloneState>(
  steps: Steps<Input, State>,
): Steps<Input, State> {
  const isMade = ({ input, state }: Job<Input, State>) => input.standby === undefined || state.missed === true;
  const only = (step: Step<Input, State>): Step<Input, State> => ({
    ...step,
    needed: (job) => isMade(job) && (step.needed?.(job) ?? true),
  });
  return steps.map((entry) => ("name" in entry ? only(entry) : entry.map(only)));
}
