import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { leftovers } from "./audit.ts";
import type { World } from "./world.ts";

/**
 * Take away what a power cut takes, behind the daemon's back: every process, namespace, device, rule, mount and the run
 * folder. What is on the disk stays, `/etc/netns` included. The next daemon finds what it would find after a reboot.
 */
export async function powerCut(world: World): Promise<void> {
  await world.killDaemon();
  const left = () => leftovers(world.id);
  // Whatever state its instance was in: a sandbox that was just being made is written down nowhere yet.
  await expect.poll(() => left().filter(endIfProcess), { timeout: 10_000 }).toEqual([]);

  for (const line of left()) {
    const [, namespace] = /^network namespace (\S+)/.exec(line) ?? [];
    if (namespace !== undefined) execFileSync("ip", ["netns", "delete", namespace]);
  }
  // Deleting a namespace takes its link away some time later; a new one of the same name must not meet the old.
  await expect.poll(() => left().filter((line) => line.startsWith("link")), { timeout: 10_000 }).toEqual([]);
  for (const line of left()) {
    const [, group] = /^file (\/sys\/fs\/cgroup\/.+)$/.exec(line) ?? [];
    if (group !== undefined) execFileSync("find", [group, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"]);
  }
  removeRules(world);
  const pool = join(world.stateDir, "pool");
  const device = execFileSync("findmnt", ["--noheadings", "--output", "SOURCE", pool], { encoding: "utf8" }).trim();
  execFileSync("umount", [pool]);
  // It may have gone by itself with its mount.
  if (left().some((line) => line.startsWith(`loop device ${device}:`))) execFileSync("losetup", ["--detach", device]);
  rmSync(world.runDir, { recursive: true, force: true });
  // A program with a mount namespace of its own may hold the device on; the next daemon takes up an attached one.
  const stays = /^(file \/etc\/netns\/|loop device )/;
  expect(left().filter((line) => !stays.test(line))).toEqual([]);
}

/** The daemon listens while it still starts engines: until nothing is left of that to do. */
export async function settled(world: World): Promise<void> {
  const unsettled = async () =>
    (await world.client.instances.list()).filter(
      ({ status, operation }) => status === "error" || operation !== undefined,
    );
  await expect.poll(unsettled, { timeout: 30_000 }).toEqual([]);
}

/** Whether the line is of a process, which is ended then. */
function endIfProcess(line: string): boolean {
  const [, pid] = /^process (\d+) /.exec(line) ?? [];
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), "SIGKILL");
  } catch {
    // It ended while it was looked at.
  }
  return true;
}

function removeRules(world: World): void {
  const { table } = world;
  const tables = execFileSync("nft", ["list", "tables"], { encoding: "utf8" }).split("\n");
  if (tables.includes(`table ip ${table}`)) execFileSync("nft", ["delete", "table", "ip", table]);
  for (const line of execFileSync("iptables-save", ["-t", "filter"], { encoding: "utf8" }).split("\n")) {
    const [, ...rule] = line.split(" ");
    if (line.startsWith("-A ") && line.includes(world.id)) execFileSync("iptables", ["-w", "5", "-D", ...rule]);
  }
}
