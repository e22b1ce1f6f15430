import { readdirSync } from "node:fs";
import { join } from "node:path";
import { leftovers } from "../support/audit.ts";
import type { World } from "../support/world.ts";

/** Everything a world has on the machine and in its pool, a line each. */
export function takeInventory(world: World): readonly string[] {
  const pool = join(world.stateDir, "pool");
  const datasets = readdirSync(join(pool, "instances")).map((entry) => `dataset ${entry}`);
  const snapshots = readdirSync(join(pool, "snapshots")).map((entry) => `snapshots of ${entry}`);
  return [...leftovers(world.id), ...datasets, ...snapshots];
}

/**
 * The lines of one instance, in a form in which two of its kind are the same. Its name is in all it has, and of no other
 * instance's name a part.
 */
export function footprint(inventory: readonly string[], name: string): readonly string[] {
  return inventory
    .filter((line) => line.includes(name))
    .map((line) => form(line.replaceAll(name, "<name>")))
    .sort();
}

function form(line: string): string {
  const [kind, second = "", third = ""] = line.split(/\s+/);
  if (kind === "process") return `process ${third.split("/").at(-1)}`;
  if (kind === "link") return `link ${/(\S+?)@/.exec(line)?.[1]}`;
  if (kind === "network") return `${kind} ${second} ${third}`;
  if (kind === "nftables")
    return line
      .replace(/elements = \{/, "")
      .replace(/[,{}]/g, " ")
      .replace(/\s+/g, " ")
      .replace(/\d+/g, "#")
      .trim();
  return line.replace(/\d+/g, "#");
}
