import { DockersnapError, type Limits } from "@dockersnap/contract/words";
import type { EngineUse } from "@dockersnap/core";
import { isMissing } from "./cgroups/index.ts";
import { type Engine, type EngineEnvironment, findEngine, livingInit } from "./engine.ts";

/** Hold a running engine to these limits and no others. One that does not run is left: it gets its limits at its start. */
export async function limitEngine(environment: EngineEnvironment, name: string, limits: Limits): Promise<void> {
  const engine = findEngine(environment, name);
  if (livingInit(engine) === undefined) return;
  await requireMemoryFits(engine, limits);
  await engine.supervision.limit(engine.launchedAs, engine.group, limits);
}

/** The unified hierarchy takes any bound and kills until it is kept, so it is not asked to. */
async function requireMemoryFits({ name, group }: Engine, { memory }: Limits): Promise<void> {
  if (memory === undefined) return;
  const { memory: held } = await group.use();
  if (held <= memory) return;
  const mib = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MiB`;
  throw new DockersnapError(
    "wrong_state",
    `'${name}' holds ${mib(held)} of memory, more than the new limit of ${mib(memory)}; dockersnap never takes memory from running processes. Stop some of its containers, or set a higher limit.`,
    { details: { held, limit: memory } },
  );
}

export async function engineUse(environment: EngineEnvironment, name: string): Promise<EngineUse | undefined> {
  const engine = findEngine(environment, name);
  if (livingInit(engine) === undefined) return undefined;
  try {
    return await engine.group.use();
  } catch (error) {
    // Ended meanwhile, or nobody counts here.
    if (isMissing(error)) return undefined;
    throw error;
  }
}
