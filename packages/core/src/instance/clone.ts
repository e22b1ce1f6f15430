import type { Job, OperationKind, Step, Steps } from "../operation/kind.ts";
import { outsideOf } from "../snapshot/not-captured.ts";
import { discard, takeWaiting } from "../standby/take.ts";
import { type Branch, branchHolds, branchSteps, requireBranch } from "./branch.ts";
import { type Lifecycle, requireRoom } from "./lifecycle.ts";
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
export function cloneInstance(lifecycle: Lifecycle): OperationKind<CloneInput, CloneState> {
  const { platform, describe } = lifecycle;
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
      const source = await requireBranch(lifecycle, input);
      requireProcessors(platform, input.name, input.limits);
      await requireBounds(platform, input.name, changedLimits(source.limits, input.limits));
      await requireRoom(lifecycle, `clone '${input.source}@${input.label}'`);
      return { createdAt: platform.clock.now().toISOString() };
    },
    steps: [
      takeStep(lifecycle),
      ...unlessTaken(branchSteps<CloneInput, CloneState>(lifecycle, (input) => input, "branching its dataset")),
      ...unlessTaken<CloneInput, CloneState>([startEngineStep(lifecycle, name), portsStep(lifecycle, name)]),
      postCloneStep(lifecycle, name),
      commitNewStep(lifecycle, name),
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
function takeStep(lifecycle: Lifecycle): Step<CloneInput, CloneState> {
  return {
    name: "take",
    says: "taking one that waits",
    needed: ({ input }) => input.standby !== undefined,
    run: async ({ input, state }, { signal, log, release }) => {
      const { standby = "" } = input;
      try {
        await takeWaiting(lifecycle, { standby, name: input.name, createdAt: state.createdAt }, signal);
      } catch (error) {
        signal.throwIfAborted();
        log.warn("a clone that waited could not be taken; one is made instead", { standby, error });
        await discard(lifecycle, [standby, input.name]);
        state.missed = true;
      }
      if (state.missed !== true) release(input.source);
    },
    undo: ({ input }) => discard(lifecycle, [input.standby ?? "", input.name]),
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
