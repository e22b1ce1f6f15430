import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Limits } from "@dockersnap/contract/words";
import type { EngineUse } from "@dockersnap/core";
import { hasErrno } from "../../process/errno.ts";
import { type EngineActivity, readActivity } from "./activity.ts";
import { isMissing, untilEvent } from "./event-file.ts";
import { createFreezer, type Freezer } from "./freezer.ts";
import { type Hierarchies, unifiedHoldsControllers } from "./hierarchies.ts";
import { applyLimits } from "./limits.ts";
import { readUse } from "./use.ts";

/**
 * One engine's control group, under the same path in every hierarchy of the machine:
 *
 *     <path>/engine       the sandbox's init, dockerd, containerd and the shims
 *     <path>/containers   what dockerd makes its containers' groups under
 *
 * Two leaves, because version 2 allows no process in a group that hands controllers on, and because a freeze is to hold
 * containers alone. Bounds are on `<path>`, around both.
 */
export class EngineCgroup {
  readonly path: string;
  readonly #hierarchies: Hierarchies;
  readonly #roots: readonly string[];
  readonly #freezer: Freezer | undefined;

  constructor(hierarchies: Hierarchies, path: string) {
    this.path = path;
    this.#hierarchies = hierarchies;
    this.#roots = [...hierarchies.legacy.map(({ mountPoint }) => mountPoint), ...unifiedRoot(hierarchies)];
    this.#freezer = createFreezer(hierarchies);
  }

  /** For dockerd's `cgroup-parent`. */
  get containersPath(): string {
    return join(this.path, "containers");
  }

  /** The files a process writes itself into to join the engine's part, one per hierarchy. */
  get entrances(): readonly string[] {
    return this.#roots.map((root) => this.#entrance(root));
  }

  /** Those of the hierarchies without controllers alone, by which systemd knows whose a process is. */
  get trackingEntrances(): readonly string[] {
    const named = this.#hierarchies.legacy.filter(({ controllers }) =>
      controllers.every((controller) => controller.startsWith("name=")),
    );
    return [...unifiedRoot(this.#hierarchies), ...named.map(({ mountPoint }) => mountPoint)].map((root) =>
      this.#entrance(root),
    );
  }

  exists(): boolean {
    return this.#roots.some((root) => existsSync(join(root, this.path)));
  }

  /** Make the groups. Those that are there stay. */
  create(): void {
    // The kernel makes each in microseconds; handing them to other threads and back takes several times as long.
    for (const root of this.#roots) {
      for (const leaf of ["engine", "containers"]) mkdirSync(join(root, this.path, leaf), { recursive: true });
    }
    const cpuset = this.#hierarchies.legacy.find(({ controllers }) => controllers.includes("cpuset"));
    if (cpuset !== undefined) {
      inheritCpuset(cpuset.mountPoint, join(this.path, "engine"));
      inheritCpuset(cpuset.mountPoint, this.containersPath);
    }
  }

  /**
   * Let the groups beneath use the machine's controllers, where the unified hierarchy has them: from the root down when
   * nobody else manages the groups above. A controller that cannot be handed on is left; a limit that needs it says so.
   */
  async delegate(extent: "from the root" | "own group"): Promise<void> {
    const { unified } = this.#hierarchies;
    if (unified === undefined || !unifiedHoldsControllers(this.#hierarchies)) return;
    const own = join(unified, this.path);
    for (const group of extent === "from the root" ? [...ancestors(unified, this.path), own] : [own]) {
      const controllers = (await readFile(join(group, "cgroup.controllers"), "utf8")).trim().split(" ").filter(Boolean);
      for (const controller of controllers) {
        try {
          await writeFile(join(group, "cgroup.subtree_control"), `+${controller}`);
        } catch {
          // The kernel has its reasons (a real-time process keeps `cpu` back), and dockerd does with what there is.
        }
      }
    }
  }

  limit(limits: Limits): Promise<void> {
    return applyLimits(this.#hierarchies, this.path, limits);
  }

  use(): Promise<EngineUse> {
    return readUse(this.#hierarchies, this.path);
  }

  /** What the engine does now, for telling one that comes up from one that is stuck. */
  activity(): Promise<EngineActivity> {
    return readActivity(this.#hierarchies, this.path);
  }

  /** Move a process, without the children it has already, into the engine's part. One that has ended is let be. */
  async admit(pid: number | undefined): Promise<void> {
    if (pid === undefined) return;
    const [first, ...others] = this.entrances;
    if (first === undefined) return;
    try {
      await writeFile(first, String(pid));
      // The kernel lets only the first move in a while wait.
      for (const entrance of others) writeFileSync(entrance, String(pid));
    } catch (error) {
      if (!hasErrno(error, "ESRCH")) throw error;
    }
  }

  /** Processes in the engine's part, by the host's pids. */
  enginePids(): readonly number[] {
    const [first] = [...this.trackingEntrances, ...this.entrances];
    return first === undefined ? [] : readPids(first);
  }

  async freeze(signal: AbortSignal): Promise<void> {
    await this.#freezer?.freeze(this.containersPath, signal);
  }

  async thaw(): Promise<void> {
    await this.#freezer?.thaw(this.containersPath);
  }

  /** Hold everything in it still, the engine too. */
  async suspend(signal: AbortSignal): Promise<void> {
    await this.#freezer?.freeze(this.path, signal);
  }

  /** What was held by itself, such as a paused container, stays so. */
  async resume(): Promise<void> {
    await this.#freezer?.thaw(this.path);
  }

  /** Let everything in it go on, containers that Docker paused included: the legacy freezer's do not die before. */
  async thawAll(): Promise<void> {
    await this.#freezer?.thawTree(this.path);
  }

  /** SIGKILL every process in it, however deep. */
  async kill(): Promise<void> {
    const { unified } = this.#hierarchies;
    if (unified !== undefined) {
      try {
        await writeFile(join(unified, this.path, "cgroup.kill"), "1");
        return;
      } catch (error) {
        // Kernels before 5.14 have no such file, and neither has a group that is not there.
        if (!isMissing(error)) throw error;
      }
    }
    await this.#killMembers();
  }

  /** Resolves when no process is left in it. Rejects with the signal's reason. */
  async untilEmpty(signal: AbortSignal): Promise<void> {
    const { unified } = this.#hierarchies;
    if (unified !== undefined) {
      await untilEvent(join(unified, this.path, "cgroup.events"), (text) => text.includes("populated 0"), signal);
      return;
    }
    // Legacy hierarchies tell nobody when a group empties, and only a parent learns of its child's end.
    while ((await this.#pids()).length > 0) await pause(5, undefined, { signal });
  }

  /**
   * Remove the groups and all beneath them, in every hierarchy; absent ones are removed already. A process that was on
   * its way in while the rest was killed has joined some hierarchies and not yet others: it is ended as well. Rejects
   * with the signal's reason when one does not die.
   */
  async remove(signal: AbortSignal): Promise<void> {
    while (!(await this.#removeEmpty())) {
      await this.#killMembers();
      // No hierarchy tells of a process that it has and others have not.
      await pause(5, undefined, { signal });
    }
  }

  async #removeEmpty(): Promise<boolean> {
    const removals = await Promise.allSettled(this.#roots.map((root) => removeTree(join(root, this.path))));
    const failures = removals.filter((removal) => removal.status === "rejected").map(({ reason }) => reason);
    for (const failure of failures) if (!hasErrno(failure, "EBUSY")) throw failure;
    return failures.length === 0;
  }

  async #killMembers(): Promise<void> {
    for (const pid of await this.#pids()) killIfThere(pid);
  }

  #entrance(root: string): string {
    return join(root, this.path, "engine", "cgroup.procs");
  }

  async #pids(): Promise<readonly number[]> {
    const perRoot = await Promise.all(
      this.#roots.map(async (root) => {
        const groups = await tree(join(root, this.path));
        return groups.flatMap((group) => readPids(join(group, "cgroup.procs")));
      }),
    );
    return [...new Set(perRoot.flat())];
  }
}

/** Names of the groups right under `parent` in any hierarchy. */
export async function listGroups(hierarchies: Hierarchies, parent: string): Promise<ReadonlySet<string>> {
  const roots = [...hierarchies.legacy.map(({ mountPoint }) => mountPoint), ...unifiedRoot(hierarchies)];
  const perRoot = await Promise.all(roots.map((root) => subdirectories(join(root, parent))));
  return new Set(perRoot.flat());
}

function unifiedRoot({ unified }: Hierarchies): readonly string[] {
  return unified === undefined ? [] : [unified];
}

/** The groups above `path`, from the root down. */
function ancestors(root: string, path: string): readonly string[] {
  const above: string[] = [];
  for (let at = dirname(path); at !== "/"; at = dirname(at)) above.unshift(join(root, at));
  return [root, ...above];
}

/** A legacy cpuset takes no process before it has processors and memory nodes; each level starts without any. */
function inheritCpuset(root: string, path: string): void {
  const levels = [...ancestors(root, path), join(root, path)];
  for (const [index, group] of levels.entries()) {
    const parent = levels[index - 1];
    if (parent === undefined) continue;
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      const own = readFileSync(join(group, file), "utf8");
      if (own.trim() === "") writeFileSync(join(group, file), readFileSync(join(parent, file), "utf8"));
    }
  }
}

function readPids(file: string): readonly number[] {
  try {
    return readFileSync(file, "utf8").split("\n").filter(Boolean).map(Number);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!hasErrno(error, "ESRCH")) throw error;
  }
}

/** The group and all beneath it, deepest last. */
async function tree(group: string): Promise<readonly string[]> {
  const children = await subdirectories(group);
  const deeper = await Promise.all(children.map((child) => tree(join(group, child))));
  return [group, ...deeper.flat()];
}

async function removeTree(group: string): Promise<void> {
  await Promise.all((await subdirectories(group)).map((child) => removeTree(join(group, child))));
  try {
    await rmdir(group);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

async function subdirectories(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
