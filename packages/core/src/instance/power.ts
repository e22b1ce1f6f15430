import type { OperationKind, Step } from "../operation/kind.ts";
import type { EngineBefore } from "./containers.ts";
import { type Lifecycle, requireWritable } from "./lifecycle.ts";
import { readyInstance } from "./lookup.ts";
import type { InstanceInput } from "./remove.ts";
import { freshNetworkStep, noteStep, portsStep, restoreEngine, startEngineStep } from "./steps.ts";

interface PowerState extends EngineBefore {
  readonly wasDesired: "running" | "stopped";
}

type PowerKind = OperationKind<InstanceInput, PowerState>;

/** Bring an instance up. One that is up stays as it is. */
export function startInstance(lifecycle: Lifecycle): PowerKind {
  return powerKind(lifecycle, "start", [...upSteps(lifecycle), wantStep(lifecycle, "running")]);
}

/** Shut an instance down cleanly; its data, subnet and host ports stay its own. One that is down stays as it is. */
export function stopInstance(lifecycle: Lifecycle): PowerKind {
  return powerKind(lifecycle, "stop", [...downSteps(lifecycle), wantStep(lifecycle, "stopped")]);
}

/** Shut an instance down cleanly and bring it up again. */
export function restartInstance(lifecycle: Lifecycle): PowerKind {
  return powerKind(lifecycle, "restart", [
    ...downSteps(lifecycle),
    ...upSteps(lifecycle),
    wantStep(lifecycle, "running"),
  ]);
}

function powerKind(lifecycle: Lifecycle, name: string, steps: PowerKind["steps"]): PowerKind {
  const { platform } = lifecycle;
  return {
    name,
    cancellable: true,
    recovery: "finish",
    instance: (input) => input.name,
    holds: (input) => [{ instance: input.name, mode: "exclusive" }],
    async prepare(input) {
      const { desired } = readyInstance(platform.records, input.name);
      if (name !== "stop") await requireWritable(platform, `${name} '${input.name}'`);
      const wasRunning = (await platform.engines.state(input.name)) === "running";
      return { wasRunning, ran: [], wasDesired: desired };
    },
    steps,
    result({ input }) {
      platform.events.publish({ type: "instance.changed", instance: input.name });
      return { status: "ok" };
    },
    failed: ({ input }, problem) => platform.records.instances.update(input.name, { problem }),
  };
}

function upSteps(lifecycle: Lifecycle): Step<InstanceInput, PowerState>[] {
  const name = (input: InstanceInput) => input.name;
  const engine = startEngineStep<InstanceInput, PowerState>(lifecycle, name);
  return [
    freshNetworkStep(lifecycle, name),
    {
      ...engine,
      // Taking back a start that found the engine up must not end it.
      undo: async (job, tools) => {
        if (!job.state.wasRunning) await engine.undo?.(job, tools);
      },
    },
    portsStep(lifecycle, name),
  ];
}

function downSteps(lifecycle: Lifecycle): Step<InstanceInput, PowerState>[] {
  const { platform, ports } = lifecycle;
  return [
    noteStep(lifecycle, (input) => input.name),
    {
      name: "shutdown",
      says: "stopping its containers and its Docker engine",
      run: ({ input }, { signal }) => platform.engines.stop(input.name, signal),
      undo: async ({ input, state }, tools) => {
        if (state.wasRunning) await restoreEngine(lifecycle, input.name, state, tools);
      },
    },
    {
      name: "unforward",
      says: "taking its forwarded ports away",
      run: ({ input }) => ports.clear(input.name),
    },
  ];
}

function wantStep({ platform }: Lifecycle, desired: "running" | "stopped"): Step<InstanceInput, PowerState> {
  return {
    name: "commit",
    says: "writing it down",
    recordsOnly: true,
    run: ({ input }) => platform.records.instances.update(input.name, { desired, problem: undefined }),
    undo: ({ input, state }) => platform.records.instances.update(input.name, { desired: state.wasDesired }),
  };
}
