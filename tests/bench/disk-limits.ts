import { execFile } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { closeSync, constants, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { World } from "../support/world.ts";
import type { Measurement } from "./measurement.ts";
import { interleaved, timed, type WorldMaker } from "./stage.ts";
import { summarize } from "./statistics.ts";

const execute = promisify(execFile);

const gibibyte = 1024 ** 3;
const folders = 150;
const filesEach = 100;
const fileBytes = 40 * 1024;
/** Before each snapshot. */
const rewritten = 50;
const snapshotsBefore = 30;
const writes = 200;
const writeBytes = 8 * 1024;

/** What it costs a pool that limits of disk are held in it. In the floor's place stands the same on a pool without. */
export async function diskLimits(makeWorld: WorldMaker, runs: number): Promise<readonly Measurement[]> {
  const limited = await Tree.grow(await makeWorld({ poolBytes: 8 * gibibyte }), 6 * gibibyte);
  const free = await Tree.grow(await makeWorld({ poolBytes: 8 * gibibyte }), undefined);
  const snapshots = await interleaved(
    runs,
    () => limited.snapshot(),
    () => free.snapshot(),
  );
  const synced = await interleaved(
    runs,
    () => limited.writeSynced(),
    () => free.writeSynced(),
  );
  const removals = await interleaved(
    1,
    () => limited.removeSnapshots(),
    () => free.removeSnapshots(),
  );
  const line = (name: string, { ours, floor }: typeof snapshots): Measurement => ({
    name: `${name}, with disk limits in the pool`,
    unit: "ms",
    ours: summarize(ours),
    floor: summarize(floor),
  });
  return [
    line("snapshot", snapshots),
    line(`${writes} synced writes of ${writeBytes / 1024} KiB`, synced),
    line(`removing ${snapshotsBefore + runs} snapshots, to the last of their space`, removals),
  ];
}

/** A volume of many files in an instance of a world of its own, with the snapshots taken of it. */
class Tree {
  readonly #world: World;
  readonly #name: string;
  readonly #folder: string;
  readonly #labels: string[] = [];

  private constructor(world: World) {
    this.#world = world;
    this.#name = world.name("files");
    this.#folder = join(world.tree(this.#name), "volumes", "bench", "_data");
  }

  static async grow(world: World, disk: number | undefined): Promise<Tree> {
    const tree = new Tree(world);
    await world.client.instances.create({ name: tree.#name, ...(disk === undefined ? {} : { limits: { disk } }) });
    for (let folder = 0; folder < folders; folder += 1) {
      mkdirSync(join(tree.#folder, String(folder)), { recursive: true });
      for (let file = 0; file < filesEach; file += 1) tree.#write(folder, file);
    }
    while (tree.#labels.length < snapshotsBefore) await tree.snapshot();
    return tree;
  }

  /** Milliseconds of a live snapshot, after some files were written anew. */
  async snapshot(): Promise<number> {
    for (let count = 0; count < rewritten; count += 1) this.#write(random(folders), random(filesEach));
    const label = `s${this.#labels.length}`;
    this.#labels.push(label);
    return timed(() => this.#world.client.instances.snapshot(this.#name, { label }));
  }

  /** Milliseconds of writes at random places, each on disk before the next. */
  async writeSynced(): Promise<number> {
    const block = randomFillSync(Buffer.alloc(writeBytes));
    return timed(async () => {
      for (let count = 0; count < writes; count += 1) {
        const descriptor = openSync(
          this.#path(random(folders), random(filesEach)),
          constants.O_WRONLY | constants.O_DSYNC,
        );
        writeSync(descriptor, block, 0, writeBytes, random(fileBytes / writeBytes) * writeBytes);
        closeSync(descriptor);
      }
    });
  }

  /** Milliseconds until the last snapshot is gone and its space given back. */
  async removeSnapshots(): Promise<number> {
    return timed(async () => {
      for (const label of this.#labels) await this.#world.client.instances.deleteSnapshot(this.#name, label);
      await execute("btrfs", ["subvolume", "sync", join(this.#world.stateDir, "pool")]);
    });
  }

  #write(folder: number, file: number): void {
    writeFileSync(this.#path(folder, file), randomFillSync(Buffer.alloc(fileBytes)));
  }

  #path(folder: number, file: number): string {
    return join(this.#folder, String(folder), String(file));
  }
}

const random = (below: number) => Math.floor(Math.random() * below);
