import type { Step, StepTools } from "../operation/kind.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { findInstance } from "./lookup.ts";

/** Steps several verbs share. `name` tells which instance a step of this operation is about. */
type Named<Input> = (input: Input) => string;

/** The first network of a new instance. */
export function networkStep<Input, State>({ platform, specs }: Lifecycle, name: Named<Input>): Step<Input, State> {
  return {
    name: "network",
    says: "connecting it to the host",
    run: ({ input }) => platform.network.create(specs.network(findInstance(platform.records, name(input)))),
    undo: ({ input }) => platform.network.remove(name(input)),
  };
}

/** A network for an engine that is about to start; that of an engine that runs is only looked after. */
export function freshNetworkStep<Input, State>({ platform, specs }: Lifecycle, name: Named<Input>): Step<Input, State> {
  return {
    name: "network",
    says: "connecting it to the host",
    run: async ({ input }) => {
      const { engines, network, records } = platform;
      const spec = specs.network(findInstance(records, name(input)));
      // What is left of a dead engine may come back to life, in the namespace it has.
      if ((await engines.state(name(input))) === "stopped") await network.renew(spec);
      else await network.create(spec);
    },
  };
}

export function startEngineStep<Input, State>(
  { platform, specs, ports }: Lifecycle,
  name: Named<Input>,
): Step<Input, State> {
  return {
    name: "engine",
    says: "starting its Docker engine",
    run: ({ input }, { signal }) =>
      platform.engines.start(specs.engine(findInstance(platform.records, name(input))), signal),
    undo: async ({ input }) => {
      await platform.engines.kill(name(input));
      await ports.clear(name(input));
    },
  };
}

/** From here on the instance is there for good. */
export function commitNewStep<Input, State>({ platform }: Lifecycle, name: Named<Input>): Step<Input, State> {
  return {
    name: "commit",
    says: "writing it down",
    run: ({ input }) => platform.records.instances.update(name(input), { phase: "ready" }),
  };
}

/** Forward what is published by now, so that whoever is told "done" can connect. */
export function portsStep<Input, State>({ ports }: Lifecycle, name: Named<Input>): Step<Input, State> {
  return {
    name: "ports",
    says: "forwarding its published ports",
    run: ({ input }) => ports.refresh(name(input)),
  };
}

/** Bring an engine back as part of taking something back; one that is up stays as it is. */
export async function restoreEngine(
  { platform, specs, ports }: Lifecycle,
  instance: string,
  { signal }: Pick<StepTools, "signal">,
): Promise<void> {
  const record = findInstance(platform.records, instance);
  await platform.network.create(specs.network(record));
  await platform.engines.start(specs.engine(record), signal);
  await ports.refresh(instance);
}
