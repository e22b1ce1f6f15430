import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isMissing, untilEvent } from "./event-file.ts";
import type { Hierarchies } from "./hierarchies.ts";

/** Holds every process of one group and of the groups beneath it still. */
export interface Freezer {
  /** Resolves when every process is held. Rejects with the signal's reason; the freeze is then still asked for. */
  freeze(path: string, signal: AbortSignal): Promise<void>;
  /** An absent group is thawed. */
  thaw(path: string): Promise<void>;
  /** Thaw the groups beneath as well, such as a paused container's. */
  thawTree(path: string): Promise<void>;
}

/**
 * The legacy freezer where the machine has one: every runc puts containers there, while only some put them into the
 * unified hierarchy of a hybrid machine too.
 */
export function createFreezer({ legacy, unified }: Hierarchies): Freezer | undefined {
  const hierarchy = legacy.find(({ controllers }) => controllers.includes("freezer"));
  if (hierarchy !== undefined) return legacyFreezer(hierarchy.mountPoint);
  return unified === undefined ? undefined : unifiedFreezer(unified);
}

function legacyFreezer(root: string): Freezer {
  const state = (path: string) => join(root, path, "freezer.state");
  const thaw = (path: string) => writeIfPresent(state(path), "THAWED");
  return {
    async freeze(path, signal) {
      await writeFile(state(path), "FROZEN");
      // The kernel finishes FREEZING when somebody reads the state, and announces it nowhere: reading again is the way.
      while ((await readFile(state(path), "utf8")).trim() !== "FROZEN") await pause(1, undefined, { signal });
    },
    thaw,
    async thawTree(path) {
      await thaw(path);
      await Promise.all((await subgroups(join(root, path))).map((child) => this.thawTree(join(path, child))));
    },
  };
}

function unifiedFreezer(root: string): Freezer {
  const thaw = (path: string) => writeIfPresent(join(root, path, "cgroup.freeze"), "0");
  return {
    async freeze(path, signal) {
      await writeFile(join(root, path, "cgroup.freeze"), "1");
      await untilEvent(join(root, path, "cgroup.events"), (text) => text.includes("frozen 1"), signal);
    },
    thaw,
    // A frozen process of the unified hierarchy still dies when it is killed, so a paused container is in nobody's way.
    thawTree: thaw,
  };
}

async function writeIfPresent(file: string, value: string): Promise<void> {
  try {
    await writeFile(file, value);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

async function subgroups(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
