import { DockersnapError } from "@dockersnap/contract/words";
import type { ContainerSummary, ContainerVitals, EngineApi } from "../engine/engine.ts";
import type { Platform } from "../platform.ts";

/** A container that is down and that Docker would start together with its engine. */
interface RestingContainer {
  readonly id: string;
  readonly restartPolicy: string;
  readonly restartRetries: number;
}

/** The states containers are in, by their ids, so that they can be brought back to them. */
export interface ContainersBefore {
  /** Those that ran: without a restart policy they do not come back with their engine. */
  ran: readonly string[];
  /** Absent, as `resting`, in the journal of an older daemon. */
  paused?: readonly string[];
  /** Docker starts what is `always` to run, also what a user stopped or never started. */
  resting?: readonly RestingContainer[];
}

/** What has to be known of an engine to have it again as it was. */
export interface EngineBefore extends ContainersBefore {
  readonly wasRunning: boolean;
}

/** Engines list thousands of containers; so many are described at once. */
const askedAtOnce = 8;

/** Write down in which state each container is. Gives the list of them. */
export async function noteContainers(api: EngineApi, before: ContainersBefore): Promise<readonly ContainerSummary[]> {
  const containers = await api.containers();
  const idsOf = (...states: readonly string[]) =>
    containers.filter(({ state }) => states.includes(state)).map(({ id }) => id);
  before.ran = idsOf("running");
  before.paused = idsOf("paused");
  before.resting = await restingOf(api, idsOf("created", "exited", "dead"));
  return containers;
}

async function restingOf(api: EngineApi, ids: readonly string[]): Promise<readonly RestingContainer[]> {
  const described = await vitalsOf(api, ids);
  return described
    .filter(({ restartPolicy }) => restartPolicy !== "no")
    .map(({ id, restartPolicy, restartRetries }) => ({ id, restartPolicy, restartRetries }));
}

/** `wrong_state` where Docker would remove a container that is up as soon as it is stopped. */
export async function refuseRemovedByStop(
  api: EngineApi,
  instance: string,
  { ran, paused = [] }: ContainersBefore,
): Promise<void> {
  const [removed] = (await vitalsOf(api, [...ran, ...paused])).filter(({ autoRemove }) => autoRemove);
  if (removed === undefined) return;
  const { name } = (await api.containers()).find(({ id }) => id === removed.id) ?? { name: removed.id };
  throw new DockersnapError(
    "wrong_state",
    `Container '${name}' of '${instance}' was started with --rm, so Docker would remove it once it is stopped. Stop it yourself first, or take the snapshot with --mode paused.`,
  );
}

/** Those that are still there. */
async function vitalsOf(
  api: EngineApi,
  ids: readonly string[],
): Promise<readonly (ContainerVitals & { readonly id: string })[]> {
  const queue = [...ids];
  const found: (ContainerVitals & { readonly id: string })[] = [];
  const worker = async () => {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      const vitals = await api.vitals(id);
      if (vitals !== undefined) found.push({ ...vitals, id });
    }
  };
  await Promise.all(Array.from({ length: askedAtOnce }, worker));
  return found;
}

/** Before an engine starts: have it leave down what was down. One that answers holds these files in memory; they stay. */
export async function withholdRestarts(
  { engines, containerFiles, storage }: Pick<Platform, "engines" | "containerFiles" | "storage">,
  instance: string,
  { resting = [] }: ContainersBefore,
): Promise<void> {
  if (resting.length === 0 || (await answers(engines.api(instance)))) return;
  await containerFiles.withholdRestart(
    storage.path(instance),
    resting.map(({ id }) => id),
  );
}

/** Once an engine is up: bring its containers to the states they were in. */
export async function restoreContainers(
  api: EngineApi,
  { ran, paused = [], resting = [] }: ContainersBefore,
  getsOn: () => void,
): Promise<void> {
  for (const { id, restartPolicy, restartRetries } of resting) {
    await unlessGone(api.setRestartPolicy(id, restartPolicy, restartRetries));
  }
  const wanted = new Set([...ran, ...paused]);
  for (const { id, state } of await api.containers()) {
    if (!wanted.has(id)) continue;
    if (state !== "running" && state !== "paused") await api.startContainer(id);
    if (paused.includes(id)) await api.pauseContainer(id);
    getsOn();
  }
}

/** Whether dockerd is there and takes requests. */
export async function answers(api: EngineApi): Promise<boolean> {
  try {
    await api.containers();
    return true;
  } catch (error) {
    if (error instanceof DockersnapError && error.code === "not_ready") return false;
    throw error;
  }
}

async function unlessGone(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof DockersnapError) || error.code !== "not_found") throw error;
  }
}
