import { readFileSync } from "node:fs";

interface LegacyHierarchy {
  readonly mountPoint: string;
  /** Controllers attached to it, or `name=…` for one without any. */
  readonly controllers: readonly string[];
}

/**
 * Where this machine keeps control groups. Version 2 alone has only `unified`; a hybrid machine has its controllers in
 * legacy hierarchies and a `unified` one without them.
 */
export interface Hierarchies {
  readonly legacy: readonly LegacyHierarchy[];
  readonly unified: string | undefined;
}

export function readHierarchies(): Hierarchies {
  return parseHierarchies(readFileSync("/proc/self/mountinfo", "utf8"));
}

/** Hierarchies as `/proc/<pid>/mountinfo` lists them; of several mounts of one hierarchy the first counts. */
export function parseHierarchies(mountinfo: string): Hierarchies {
  const legacy = new Map<string, LegacyHierarchy>();
  let unified: string | undefined;
  for (const line of mountinfo.split("\n")) {
    const [left, right] = line.split(" - ");
    const mountPoint = unescapePath(left?.split(" ")[4]);
    const [type, , options] = right?.split(" ") ?? [];
    if (mountPoint === undefined) continue;
    if (type === "cgroup2") unified ??= mountPoint;
    if (type === "cgroup") {
      const controllers = (options ?? "").split(",").filter((option) => !isMountOption(option));
      const key = controllers.join(",");
      if (!legacy.has(key)) legacy.set(key, { mountPoint, controllers });
    }
  }
  return { legacy: [...legacy.values()], unified };
}

/** Whether controllers live in the unified hierarchy, so that it decides how groups are laid out and bounded. */
export function unifiedHoldsControllers({ legacy, unified }: Hierarchies): boolean {
  return unified !== undefined && legacy.every(({ controllers }) => controllers.every((c) => c.startsWith("name=")));
}

/** The root of the hierarchy in which a controller is, or would be. */
export function homeOf({ legacy, unified }: Hierarchies, controller: string): { root: string; isLegacy: boolean } {
  const hierarchy = legacy.find(({ controllers }) => controllers.includes(controller));
  return { root: hierarchy?.mountPoint ?? unified ?? "/sys/fs/cgroup", isLegacy: hierarchy !== undefined };
}

const mountOptions = new Set(["", "rw", "ro", "xattr", "noprefix", "clone_children"]);

function isMountOption(option: string): boolean {
  return mountOptions.has(option) || option.startsWith("release_agent=");
}

/** The kernel writes blanks and backslashes in paths as octal escapes. */
function unescapePath(path: string | undefined): string | undefined {
  return path?.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
