import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "@dockersnap/host";
import { afterAll, expect, it } from "vitest";
import { Engine } from "../support/engine.ts";
import { Drill } from "./drill.ts";
import type { Exercise } from "./exercise.ts";
import { volume, writeData } from "./sight.ts";
import { drillOn } from "./suite.ts";

const drill = await Drill.start();
afterAll(() => drill.end());
const { world } = drill;
const { instances } = world.client;

const names = await drill.furnished(4);
await Promise.all(
  names.map(async (name) => {
    writeData(world, name, "the data of one");
    await instances.snapshot(name, { label: "one" });
  }),
);

const request = { label: "one", only: ["volume:data", "container:task"] };

async function withoutTask(name: string): Promise<void> {
  const { socket, snapshots } = await instances.get(name);
  for (const { label } of snapshots) {
    if (label.startsWith("auto-")) await instances.deleteSnapshot(name, label);
  }
  const engine = new Engine(socket);
  if ((await engine.containers()).includes("task")) await engine.remove("task");
}

/** A folder and a file that cannot be renamed and a subvolume that cannot be changed are in the volume. */
async function obstruct(name: string): Promise<void> {
  const cwd = join(world.tree(name), "volumes", volume, "_data");
  if (existsSync(join(cwd, "kept"))) return;
  await run("btrfs", ["subvolume", "create", "kept"], { cwd });
  await run("btrfs", ["property", "set", "-ts", "kept", "ro", "true"], { cwd });
  writeFileSync(join(cwd, "fixed"), "now");
  await run("chattr", ["+i", "fixed"], { cwd });
  await run("chattr", ["+a", "."], { cwd });
}

const revert: Exercise = {
  title: "a revert of a volume that is in use and of a container that is gone",
  names,
  async ready(name) {
    await withoutTask(name);
    writeData(world, name, `the present of ${name}`);
    await obstruct(name);
  },
  call: (name) => ({ method: "POST", path: `/instances/${name}/revert`, body: request }),
  done: (before) => ({
    ...before,
    data: "the data of one",
    page: "the data of one",
    containers: ["task runs", "web runs"],
    snapshots: [...before.snapshots, "auto"],
    reverts: [...(before.reverts ?? []), "to one"],
    kept: { ...before.kept, auto: before.data },
  }),
};
const pinned = {
  steps: ["note", "stop", "detach", "keep", "swap", "engine", "commit"],
  undone: ["commit", "engine", "swap", "keep", "detach", "stop"],
};
await drillOn(drill, revert, pinned);

const undo: Exercise = {
  ...revert,
  title: "an undo of that",
  async ready(name) {
    await revert.ready(name);
    await instances.revert(name, request);
    writeData(world, name, "work on one");
  },
  call: (name) => ({ method: "POST", path: `/instances/${name}/undo` }),
  done: (before, name) => ({
    ...before,
    data: `the present of ${name}`,
    page: `the present of ${name}`,
    containers: ["web runs"],
    snapshots: [...before.snapshots, "auto-undo"],
    reverts: [...(before.reverts ?? []).slice(0, -1), "to one, undone"],
    kept: { ...before.kept, "auto-undo": "work on one" },
  }),
};
// Their other steps are those of the revert, which is disturbed at every one.
await drillOn(drill, undo, { ...pinned, only: ["swap", "commit"] });

it("leaves nothing of its own in a tree", () => {
  const own = names.flatMap((name) => readdirSync(world.tree(name)).filter((entry) => entry.startsWith(".dockersnap")));
  expect(own).toEqual([]);
});
