import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { DockersnapError, type Instance } from "@dockersnap/contract";
import { Engine } from "../support/engine.ts";
import { datasetLimit, groupLimits } from "../support/kernel-limits.ts";
import type { World } from "../support/world.ts";

/** The named volume every instance of this suite has; its one file is its data, and what its web container serves. */
export const volume = "data";
const dataFile = join("volumes", volume, "_data", "index.html");

const answerWithinMs = 10_000;
const askAgainMs = 20;

/** An instance as a person and the disk see it, without what differs from one time to the next. */
export interface Sight {
  readonly status: Instance["status"] | "absent";
  readonly error?: string | undefined;
  readonly parent?: string | undefined;
  readonly data?: string | undefined;
  /** A plugin was left between the two hooks of a snapshot. */
  readonly quiet?: boolean | undefined;
  /** Labels the API lists. Those that carry a time are `auto`, or `auto-undo` and `auto-redo`. */
  readonly snapshots: readonly string[];
  /** By label, of those that were tried out: whether they can be restored. */
  readonly verified?: Readonly<Record<string, boolean>> | undefined;
  /** Where it was reverted to, the oldest first, and whether that was taken back; undefined where it never was. */
  readonly reverts?: readonly string[] | undefined;
  /** Its schedules, by name; undefined where it has none. */
  readonly schedules?: readonly string[] | undefined;
  /** What is in the snapshots on disk, by label. */
  readonly kept: Readonly<Record<string, string | undefined>>;
  /** What the kernel holds it to, and what the API tells; undefined where that is nothing. */
  readonly bounds?: string | undefined;
  /** Names and states; undefined where no engine runs. */
  readonly containers?: readonly string[] | undefined;
  /** Published ports the host leads to it. */
  readonly forwarded?: readonly number[] | undefined;
  /** What answers on the first of them, asked from the host at the instance's own address. */
  readonly page?: string | undefined;
}

/** When each container's process began, and which it is. */
export async function processesOf(world: World, name: string): Promise<readonly string[]> {
  const instance = await find(world, name);
  if (instance?.status !== "running") return [];
  const engine = new Engine(instance.socket);
  const names = await engine.containers();
  const states = await Promise.all(names.map((container) => engine.state(container)));
  return names.map((container, index) => `${container} ${states[index]?.Pid} ${states[index]?.StartedAt}`);
}

export const absent: Sight = { status: "absent", snapshots: [], kept: {} };

/** Look at an instance from every side. Rejects when a side that should answer does not. */
export async function see(world: World, name: string): Promise<Sight> {
  const instance = await find(world, name);
  const dataset = join(world.stateDir, "pool/instances", name);
  const kept = keptOf(world, name);
  if (instance === undefined) return { ...absent, kept, ...dataOf(dataset) };
  return {
    status: instance.status,
    error: instance.error,
    parent: instance.parent,
    ...dataOf(dataset),
    quiet: existsSync(join(dataset, "quiet")),
    snapshots: instance.snapshots.map(({ label }) => timeless(label)),
    verified: verifiedOf(instance),
    ...(await revertsOf(world, name)),
    ...(await schedulesOf(world, name)),
    ...boundsOf(world, instance),
    kept,
    ...(instance.status === "running" ? await liveOf(world, instance) : {}),
  };
}

export async function find(world: World, name: string): Promise<Instance | undefined> {
  try {
    return await world.client.instances.get(name);
  } catch (error) {
    if (error instanceof DockersnapError && error.code === "not_found") return undefined;
    throw error;
  }
}

/** Put words into an instance's data, past its engine. */
export function writeData(world: World, name: string, words: string): void {
  const file = join(world.stateDir, "pool/instances", name, dataFile);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, words);
}

function dataOf(tree: string): { data?: string } {
  const file = join(tree, dataFile);
  return existsSync(file) ? { data: readFileSync(file, "utf8") } : {};
}

function keptOf(world: World, name: string): Sight["kept"] {
  const folder = join(world.stateDir, "pool/snapshots", name);
  const labels = existsSync(folder) ? readdirSync(folder).sort() : [];
  return Object.fromEntries(labels.map((label) => [timeless(label), dataOf(join(folder, label)).data]));
}

function verifiedOf({ snapshots }: Instance): Sight["verified"] {
  const tried = snapshots.flatMap(({ label, verified }) =>
    verified === undefined ? [] : [[timeless(label), verified.ok]],
  );
  return tried.length === 0 ? undefined : Object.fromEntries(tried);
}

async function revertsOf(world: World, name: string): Promise<Pick<Sight, "reverts">> {
  const { reverts } = await world.client.instances.history(name);
  if (reverts.length === 0) return {};
  return {
    reverts: reverts.map(({ to, undone, lost }) => `to ${to}${undone ? ", undone" : ""}${lost ? ", lost" : ""}`),
  };
}

async function schedulesOf(world: World, name: string): Promise<Pick<Sight, "schedules">> {
  const schedules = await world.client.instances.schedules(name);
  return schedules.length === 0 ? {} : { schedules: schedules.map(({ id, cron }) => `${id} ${cron}`) };
}

function boundsOf(world: World, { name, limits = {} }: Instance): Pick<Sight, "bounds"> {
  const { memory, pids } = groupLimits(`dockersnap-${name}`);
  const held = [memory, pids, datasetLimit(world, name)];
  if (held.every((bound) => bound === undefined) && Object.keys(limits).length === 0) return {};
  const [inGroup, ofTasks, onDisk] = held.map((bound) => bound ?? "none");
  const told = Object.entries(limits).map(([what, bound]) => `${what} ${bound}`);
  return {
    bounds: `memory ${inGroup}, pids ${ofTasks}, disk ${onDisk}; told ${told.join(", ")}`,
  };
}

const timeless = (label: string) =>
  label.replace(/^auto-before-revert-.*/, "auto").replace(/^(auto)-before(-\w+)-.*/, "$1$2");

async function liveOf(world: World, { name, socket }: Instance): Promise<Partial<Sight>> {
  const engine = new Engine(socket);
  const names = await engine.containers();
  const states = await Promise.all(names.map((container) => engine.state(container)));
  // Not through the forwarded port: daemons of other tests on this host may lead the same number to instances of theirs.
  const { ports, target_ip } = await world.client.instances.ports(name);
  const [first] = ports;
  return {
    containers: names.map((container, index) => `${container} ${states[index]?.Running ? "runs" : "is down"}`),
    forwarded: ports.map((port) => port.container_port),
    ...(first === undefined ? {} : { page: await answerAt(target_ip, first.container_port) }),
  };
}

/** A container counts as running before the program in it listens, and nothing tells when it does: so it is asked again. */
async function answerAt(address: string, port: number): Promise<string> {
  const deadline = AbortSignal.timeout(answerWithinMs);
  for (;;) {
    try {
      const response = await fetch(`http://${address}:${port}/`, { signal: deadline });
      return (await response.text()).trim();
    } catch (error) {
      if (deadline.aborted) throw error;
      await pause(askAgainMs);
    }
  }
}
