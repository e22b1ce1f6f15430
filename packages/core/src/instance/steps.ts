import type { Context } from "../context.ts";
import { inTime } from "../operation/in-time.ts";
import type { Job, Step, Steps, StepTools } from "../operation/kind.ts";
import type { InstanceRecord } from "../records/records.ts";
import {
  type ContainersBefore,
  type EngineBefore,
  noteContainers,
  restoreContainers,
  withholdRestarts,
} from "./containers.ts";
import { setDiskLimit, withRoom } from "./limits.ts";
import { findInstance } from "./lookup.ts";
import { startEngine } from "./start-engine.ts";

/** An engine that is well lists thousands of containers in less. */
export const longestLookMs = 3_000;

/** Steps several verbs share. `name` tells which instance a step of this operation is about. */
type Named<Input> = (input: Input) => string;

/**
 * A new instance's record, then its dataset and its network side by side. `record` is made when its turn comes: the lowest
 * free subnet is found and taken in one turn, so no other create can take it between.
 */
export function foundationSteps<Input, State>(
  context: Context,
  name: Named<Input>,
  foundation: {
    readonly record: (job: Job<Input, State>) => InstanceRecord;
    readonly dataset: Pick<Step<Input, State>, "says" | "run">;
  },
): Steps<Input, State> {
  const { records, storage } = context.platform;
  return [
    {
      name: "reserve",
      says: "reserving its name and subnet",
      recordsOnly: true,
      run: (job) => records.instances.insert(foundation.record(job)),
      undo: ({ input }, tools) => forgetUnlessLeft(context, name(input), tools),
    },
    [
      { name: "dataset", ...foundation.dataset, undo: ({ input }) => storage.remove(name(input)) },
      networkStep(context, name),
    ],
    {
      name: "quota",
      says: "applying the disk limit",
      needed: ({ input }) => findInstance(records, name(input)).limits?.disk !== undefined,
      // Goes with the dataset.
      run: ({ input }) => setDiskLimit(context.platform, name(input), findInstance(records, name(input)).limits?.disk),
    },
  ];
}

/**
 * Give the name back, unless something of the instance could not be taken away: then it stays listed, to be deleted by
 * whoever sees it or by the next start of the daemon.
 */
function forgetUnlessLeft(context: Context, name: string, { status }: Pick<StepTools, "status">): void {
  const isLeft = ["engine", "network", "dataset"].some((step) => status(step) === "undo_failed");
  if (!isLeft) forgetInstance(context, name);
}

export function forgetInstance({ platform, ports, workloads }: Context, name: string): void {
  platform.records.instances.remove(name);
  ports.forget(name);
  workloads.forget(name);
}

/** The first network of a new instance. */
function networkStep<Input, State>({ platform, specs }: Context, name: Named<Input>): Step<Input, State> {
  return {
    name: "network",
    says: "connecting its network to the host",
    run: ({ input }) => platform.network.create(specs.network(findInstance(platform.records, name(input)))),
    undo: ({ input }) => platform.network.remove(name(input)),
  };
}

/** A network for an engine that is about to start; that of an engine that runs is only looked after. */
export function freshNetworkStep<Input, State>({ platform, specs }: Context, name: Named<Input>): Step<Input, State> {
  return {
    name: "network",
    says: "connecting its network to the host",
    run: async ({ input }) => {
      const { engines, network, records } = platform;
      const spec = specs.network(findInstance(records, name(input)));
      // What is left of a dead engine may come back to life, in the namespace it has.
      if ((await engines.state(name(input))) === "stopped") await network.renew(spec);
      else await network.create(spec);
    },
  };
}

export function startEngineStep<Input, State>(context: Context, name: Named<Input>): Step<Input, State> {
  const { platform, ports } = context;
  return {
    name: "engine",
    says: "starting its Docker engine",
    run: ({ input }, tools) => startEngine(context, findInstance(platform.records, name(input)), tools),
    undo: async ({ input }) => {
      await platform.engines.kill(name(input));
      await ports.clear(name(input));
    },
  };
}

/** From here on the instance is there for good. */
export function commitNewStep<Input, State>({ platform }: Context, name: Named<Input>): Step<Input, State> {
  return {
    name: "commit",
    says: "saving the new state",
    recordsOnly: true,
    run: ({ input }) => platform.records.instances.update(name(input), { phase: "ready" }),
  };
}

/** Forward what is published by now, so that whoever is told "done" can connect. */
export function portsStep<Input, State>({ ports }: Context, name: Named<Input>): Step<Input, State> {
  return {
    name: "ports",
    says: "forwarding its published ports",
    run: ({ input }) => ports.refresh(name(input)),
  };
}

/** Let the plugin make a copy its own; its ports may differ after that. */
export function postCloneStep<Input, State>(
  { platform: { records }, workloads, ports }: Context,
  name: Named<Input>,
): Step<Input, State> {
  return {
    name: "post_clone",
    says: "adapting the workload to the new instance",
    needed: ({ input }) => workloads.hasHook(findInstance(records, name(input)), "post_clone"),
    run: async ({ input }, tools) => {
      await workloads.hook(findInstance(records, name(input)), "post_clone", tools);
      await ports.refresh(name(input));
    },
  };
}

/** Remember what runs, before it is ended. Of an engine that does not answer nothing is known, and that is no failure. */
export function noteStep<Input, State extends EngineBefore>(
  { platform }: Context,
  name: Named<Input>,
): Step<Input, State> {
  return {
    name: "note",
    says: "recording running containers",
    needed: ({ state }) => state.wasRunning,
    run: async ({ input, state }, { log, signal }) => {
      try {
        await inTime(noteContainers(platform.engines.api(name(input)), state), longestLookMs, signal);
      } catch (error) {
        signal.throwIfAborted();
        log.warn("an engine about to be ended does not tell what runs in it", { error });
      }
    },
  };
}

/** Bring an engine back with its containers as they were; one that is up stays as it is. */
export async function restoreEngine(
  context: Context,
  instance: string,
  before: ContainersBefore,
  tools: Pick<StepTools, "signal" | "report" | "getsOn">,
): Promise<void> {
  const { platform, specs, ports } = context;
  const record = findInstance(platform.records, instance);
  await platform.network.create(specs.network(record));
  await withRoom(platform, record, () => withholdRestarts(platform, instance, before));
  await startEngine(context, record, tools, async () => {
    await restoreContainers(platform.engines.api(instance), before, tools.getsOn);
  });
  await ports.refresh(instance);
}
