import type { ReplacingAct } from "@dockersnap/contract/words";
import type { Context } from "../context.ts";
import type { EngineBefore } from "../instance/containers.ts";
import { findInstance } from "../instance/lookup.ts";
import type { Job, OperationKind, Step } from "../operation/kind.ts";
import type { Records } from "../records/records.ts";
import { type Named, type PresentState, recordFailure, recordPresent } from "./present.ts";
import { changeReverts, type RevertsChange } from "./reverts.ts";

/** What an operation that replaces the present of an instance, or parts of it, knows before it begins. */
export interface ReplacementState extends EngineBefore, PresentState {
  /** Label of the snapshot that takes its place. */
  readonly target: string;
  readonly reverts: RevertsChange;
}

/** What such operations have in common: the step `swap` decides, and the present is never lost. */
export function replacement<Input extends Named, State extends ReplacementState>(
  context: Context,
  act: ReplacingAct,
  result: (job: Job<Input, State>) => unknown,
): Pick<OperationKind<Input, State>, "cancellable" | "recovery" | "instance" | "holds" | "result" | "failed"> {
  return {
    cancellable: true,
    recovery: { finishAfter: "swap" },
    instance: (input) => input.name,
    holds: (input) => [{ instance: input.name, mode: "exclusive" }],
    result(job) {
      context.platform.events.publish({ type: "instance.changed", instance: job.input.name });
      return result(job);
    },
    failed: (job, problem, left) => recordFailure(context, act, job, problem, left),
  };
}

export function postRevertStep<State>({
  platform: { records },
  workloads,
}: Context): Required<Pick<Step<Named, State>, "needed">> & Step<Named, State> {
  return {
    name: "post_revert",
    says: "notifying the plugin",
    needed: ({ input }) => workloads.hasHook(findInstance(records, input.name), "post_revert"),
    run: ({ input }, tools) => workloads.hook(findInstance(records, input.name), "post_revert", tools),
  };
}

/** Within a transaction of the caller's, as what takes it back. */
export function recordReplacement(context: Context, act: ReplacingAct, job: Job<Named, ReplacementState>): void {
  recordPresent(context, act, job);
  changeReverts(context.platform.records, job.state.reverts);
}

export function forgetReplacement(records: Records, { input, state }: Job<Named, ReplacementState>): void {
  const { before, after } = state.reverts;
  changeReverts(records, { before: after, after: before });
  records.snapshots.remove(input.name, state.keptAs);
}
