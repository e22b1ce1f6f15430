import { DockersnapError } from "@dockersnap/contract/words";
import type { Context } from "../context.ts";
import { branchHolds, branchSteps, requireBranch } from "../instance/branch.ts";
import type { CloneInput } from "../instance/clone.ts";
import { findInstance } from "../instance/lookup.ts";
import { commitNewStep, portsStep, startEngineStep } from "../instance/steps.ts";
import type { OperationKind, Step } from "../operation/kind.ts";
import { requireRoom } from "../storage/room.ts";
import { untilWell } from "../verify/until-well.ts";

export interface PrepareInput extends CloneInput {
  readonly frozen: boolean;
}

interface PrepareState {
  readonly createdAt: string;
}

/** One that is not well by then is told of, and tried again later. A container that ends soon after its start has ended by then. */
const wellWithin = { timeoutMs: 180_000, watchMs: 1_000 };

/** A clone that boots, becomes healthy and waits, under a name of the daemon's own, for a user who asks for one like it. */
export function prepareStandby(context: Context): OperationKind<PrepareInput, PrepareState> {
  const { platform, ports } = context;
  const { records, engines } = platform;
  const name = (input: PrepareInput) => input.name;
  const hasWorkload = ({ input }: { input: PrepareInput }) => findInstance(records, input.name).workload !== undefined;
  return {
    name: "prepare-standby",
    cancellable: true,
    recovery: { finishAfter: "commit" },
    instance: name,
    holds: branchHolds,
    async prepare(input) {
      await requireBranch(context, input);
      await requireRoom(context, `have a clone of '${input.source}@${input.label}' wait`);
      return { createdAt: platform.clock.now().toISOString() };
    },
    steps: [
      ...branchSteps<PrepareInput, PrepareState>(
        context,
        (input) => ({ ...input, purpose: "standby" }),
        "cloning its dataset",
      ),
      startEngineStep(context, name),
      // A plugin may look at its workload through forwarded ports; while it waits it has none, so that they stay free.
      { ...portsStep<PrepareInput, PrepareState>(context, name), needed: hasWorkload },
      healthyStep(context),
      {
        name: "unforward",
        says: "removing its forwarded ports",
        needed: hasWorkload,
        run: async ({ input }) => {
          await ports.clear(input.name);
          for (const { protocol, containerPort } of records.ports.of(input.name)) {
            records.ports.release(input.name, protocol, containerPort);
          }
        },
      },
      {
        name: "hold-still",
        says: "suspending it",
        needed: ({ input }) => input.frozen,
        run: ({ input }) => engines.suspend(input.name),
      },
      commitNewStep(context, name),
    ],
    result: () => undefined,
    failed: ({ input }, problem) => records.instances.update(input.name, { problem }),
  };
}

function healthyStep({ platform, workloads }: Context): Step<PrepareInput, PrepareState> {
  return {
    name: "healthy",
    says: "waiting until it is healthy",
    run: async ({ input }, tools) => {
      const record = findInstance(platform.records, input.name);
      const { lacks } = await untilWell({ platform, workloads }, record, wellWithin, tools);
      if (lacks === undefined) return;
      throw new DockersnapError(
        "not_ready",
        `A clone of '${input.source}@${input.label}' did not become well within ${wellWithin.timeoutMs / 60_000} minutes: ${lacks}.`,
      );
    },
  };
}
