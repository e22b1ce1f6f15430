import type { Step, StepTools } from "../operation/kind.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { findInstance } from "./lookup.ts";

/** Steps several verbs share. `name` tells which instance a step of this operation is about. */
type Named<Input> = (input: Input) => string;

export function networkStep<Input, State>(
  { platform, specs }: Lifecycle,
  name: Named<Input>,
  { undoable }: { undoable: boolean },
): Step<Input, State> {
  return {
    name: "network",
    says: "connecting it to the host",
    run: ({ input }) => platform.network.create(specs.network(findInstance(platform.records, name(input)))),
    ...(undoable ? { undo: ({ input }) => platform.network.remove(name(input)) } : {}),
  };
}

export function startEngineStep<Input, State>({ platform, specs }: Lifecycle, name: Named<Input>): Step<Input, State> {
  return {
    name: "engine",
    says: "starting its Docker engine",
    run: ({ input }, { signal }) =>
      platform.engines.start(specs.engine(findInstance(platform.records, name(input))), signal),
    undo: ({ input }) => platform.engines.kill(name(input)),
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
