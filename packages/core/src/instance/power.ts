import type { Context } from "../context.ts";
import type { OperationKind, Step } from "../operation/kind.ts";
import { requireWritable } from "../storage/room.ts";
import type { EngineBefore } from "./containers.ts";
import { readyInstance } from "./lookup.ts";
import type { InstanceInput } from "./remove.ts";
import { freshNetworkStep, noteStep, portsStep, restoreEngine, startEngineStep } from "./steps.ts";

interface PowerState extends EngineBefore {
  readonly wasDesired: "running" | "stopped";
}

type PowerKind = OperationKind<InstanceInput, PowerState>;

/** Bring an instance up. One that is up stays as it is. */
export function startInstance(context: Context): PowerKind {
  return powerKind(context, "start", [...upSteps(context), wantStep(context, "running")]);
}

/** Shut an instance down cleanly; its data, subnet and host ports stay its own. One that is down stays as it is. */
export function stopInstance(context: Context): PowerKind {
  return powerKind(context, "stop", [...downSteps(context), wantStep(context, "stopped")]);
}

/** Shut an instance down cleanly and bring it up again. */
export function restartInstance(context: Context): PowerKind {
  return powerKind(context, "restart", [...downSteps(context), ...upSteps(context), wantStep(context, "running")]);
}

function powerKind(context: Context, name: string, steps: PowerKind["steps"]): PowerKind {
  const { platform } = context;
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

function upSteps(context: Context): Step<InstanceInput, PowerState>[] {
  const name = (input: InstanceInput) => input.name;
  const engine = startEngineStep<InstanceInput, PowerState>(context, name);
  return [
    freshNetworkStep(context, name),
    {
      ...engine,
      // Taking back a start that found the engine up must not end it.
      undo: async (job, tools) => {
        if (!job.state.wasRunning) await engine.undo?.(job, tools);
      },
    },
    portsStep(context, name),
  ];
}

function downSteps(context: Context): Step<InstanceInput, PowerState>[] {
  const { platform, ports } = context;
  return [
    noteStep(context, (input) => input.name),
    {
      name: "shutdown",
      says: "stopping its containers and its Docker engine",
      run: ({ input }, { signal }) => platform.engines.stop(input.name, signal),
      undo: async ({ input, state }, tools) => {
        if (state.wasRunning) await restoreEngine(context, input.name, state, tools);
      },
    },
    {
      name: "unforward",
      says: "removing its forwarded ports",
      run: ({ input }) => ports.clear(input.name),
    },
  ];
}

function wantStep({ platform }: Context, desired: "running" | "stopped"): Step<InstanceInput, PowerState> {
  return {
    name: "commit",
    says: "saving the new state",
    recordsOnly: true,
    run: ({ input }) => platform.records.instances.update(input.name, { desired, problem: undefined }),
    undo: ({ input, state }) => platform.records.instances.update(input.name, { desired: state.wasDesired }),
  };
}
