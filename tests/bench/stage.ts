import { get } from "node:http";
import type { FollowOptions } from "@dockersnap/client";
import type { World, WorldOptions } from "../support/world.ts";
import type { Floor } from "./floor/floor.ts";
import { median } from "./statistics.ts";

/** What every measurement of the daemon's acts works with: a daemon, and the bare script on the same pool. */
export interface Stage {
  readonly world: World;
  readonly floor: Floor;
  readonly runs: number;
}

/** A daemon and a bare script of their own, gone when the benchmark ends, however it ends. */
export type StageMaker = (options: WorldOptions) => Promise<Stage>;

/** Starts a daemon that is gone when the benchmark ends, however it ends. */
export type WorldMaker = (options: WorldOptions) => Promise<World>;

/** The port the echo plugin's service has inside an instance. */
export const echoPort = 5678;

/** Ours and the floor's milliseconds, run by run. */
export interface Pairs {
  readonly ours: number[];
  readonly floor: number[];
}

/** Measure both in turn, the one that goes first changing with each run, so that whatever else the machine does hits both. */
export async function interleaved(
  runs: number,
  ours: (run: number) => Promise<number>,
  floor: (run: number) => Promise<number>,
): Promise<Pairs> {
  const pairs: Pairs = { ours: [], floor: [] };
  for (let run = 0; run < runs; run += 1) {
    if (run % 2 === 0) pairs.ours.push(await ours(run));
    pairs.floor.push(await floor(run));
    if (run % 2 === 1) pairs.ours.push(await ours(run));
  }
  return pairs;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** How long the steps of one kind of operation took, over all runs. */
export class StepTimes {
  readonly #world: World;
  readonly #times = new Map<string, number[]>();
  #id: string | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** To be handed to the client with the act. */
  readonly follow: FollowOptions = {
    onOperation: (id) => {
      this.#id = id;
    },
  };

  /** Read the steps of the operation followed last; apart from its timing. */
  async add(): Promise<void> {
    if (this.#id === undefined) throw new Error("No operation was followed.");
    const { steps } = await this.#world.client.operations.get(this.#id);
    for (const { name, started_at, ended_at } of steps) {
      if (ended_at === undefined) continue;
      const times = this.#times.get(name) ?? [];
      times.push(Date.parse(ended_at) - Date.parse(started_at));
      this.#times.set(name, times);
    }
  }

  medians(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#times].map(([name, times]) => [name, median(times)]));
  }
}

/** The host port the instance's echo service has. */
export async function echoAt(world: World, name: string, containerPort = echoPort): Promise<number> {
  const { ports } = await world.client.instances.ports(name);
  const port = ports.find(({ container_port }) => container_port === containerPort);
  if (port === undefined) throw new Error(`${name} publishes no ${containerPort}.`);
  return port.host_port;
}

/** Resolves when the service behind a forwarded port of the world answers; asks again as soon as it was refused. */
export async function untilServing({ address }: World, port: number): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await serves(address, port))) {
    if (performance.now() > deadline) throw new Error(`Nothing answers at ${address}:${port}.`);
  }
}

function serves(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host, port, agent: false, timeout: 1000 }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode === 200));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => setTimeout(resolve, 2, false));
  });
}
