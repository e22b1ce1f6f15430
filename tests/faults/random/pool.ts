import { rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { HistoryAct } from "@dockersnap/core/testing";
import { run } from "@dockersnap/host";
import type { World } from "../../support/world.ts";
import type { PoolState } from "./turns.ts";

const MiB = 1024 * 1024;
/** Less than the daemon keeps in reserve, and more than what it does in a full pool takes. */
const leftWhenFull = 48 * MiB;
const deadlineMs = 30_000;
const askAgainMs = 20;

/** What takes space or may; all else works in a full pool. */
const needsRoom: ReadonlySet<HistoryAct["kind"]> = new Set(["create", "clone", "snapshot", "revert", "undo", "redo"]);

/** A world's pool, which others fill and remount. */
export class PoolMoves {
  readonly #world: World;
  #state: PoolState = "ok";

  constructor(world: World) {
    this.#world = world;
  }

  get state(): PoolState {
    return this.#state;
  }

  /** With what the pool's state has the daemon refuse an act; undefined where it does not. */
  refusal(kind: HistoryAct["kind"]): "no_space" | "read_only" | undefined {
    if (this.#state === "read-only") return "read_only";
    return this.#state === "full" && needsRoom.has(kind) ? "no_space" : undefined;
  }

  async change(to: PoolState): Promise<void> {
    if (to === this.#state) return;
    if (this.#state === "read-only") await this.#remount("rw");
    if (this.#state === "full") await this.#free();
    // Engines that have files open for writing keep it as it is.
    if (to === "read-only" && !(await this.#remount("ro"))) return this.change("ok");
    if (to === "full") await this.#fill();
    this.#state = to;
    // Asked, the daemon looks at the pool, and begins what it could not do before.
    const { client } = this.#world;
    await client.health();
    const running = (await client.operations.list()).filter(({ status }) => status === "running");
    await Promise.all(running.map(({ id }) => client.operations.events(id)));
  }

  get #place(): string {
    return join(this.#world.stateDir, "pool");
  }

  /** A file of an administrator's, beside everything the daemon has there. */
  get #filler(): string {
    return join(this.#place, "filler");
  }

  async #fill(): Promise<void> {
    let size = 0;
    for (let excess = this.#freeBytes() - leftWhenFull; excess > MiB; excess = this.#freeBytes() - leftWhenFull) {
      size += excess;
      await run("fallocate", ["-l", String(size), this.#filler]);
      await run("btrfs", ["filesystem", "sync", this.#place]);
    }
  }

  /** What a deleted file held is free some time after that. */
  async #free(): Promise<void> {
    rmSync(this.#filler);
    await run("btrfs", ["filesystem", "sync", this.#place]);
    await this.#until(() => this.#freeBytes() > 1024 * MiB);
    this.#state = "ok";
  }

  async #remount(access: "ro" | "rw"): Promise<boolean> {
    try {
      await run("mount", ["-o", `remount,${access}`, this.#place]);
      this.#state = access === "ro" ? "read-only" : "ok";
      return true;
    } catch (error) {
      if (access === "rw") throw error;
      return false;
    }
  }

  #freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.#place);
    return bavail * bsize;
  }

  async #until(isSo: () => boolean): Promise<void> {
    const deadline = Date.now() + deadlineMs;
    while (!isSo()) {
      if (Date.now() > deadline) throw new Error(`The pool has ${this.#freeBytes()} bytes free, which is too little.`);
      await pause(askAgainMs);
    }
  }
}
