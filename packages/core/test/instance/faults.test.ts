import { describe, expect, it } from "vitest";
import { container, storedContainer, storedVolume, World } from "../world.ts";

/**
 * Every operation, disturbed at every moment of every step it has: afterwards the instance is as before or the operation
 * is done, and nothing else has changed. The steps are taken from an undisturbed run, so that a new one is covered by
 * itself.
 */
interface Case {
  readonly kind: string;
  readonly input: Record<string, unknown>;
  /** The instances it may change. */
  readonly about: readonly string[];
  /** Operations that bring the host to where it begins. */
  readonly after?: readonly (readonly [kind: string, input: Record<string, unknown>])[];
}

const snapshot = (mode: string): Case => ({
  kind: "snapshot",
  input: { name: "web", label: "taken", mode },
  about: ["web"],
});

function parts(...only: readonly string[]) {
  return { name: "web", label: "old", only };
}

const cases: readonly Case[] = [
  { kind: "create", input: { name: "new", workload_inline: { plugin: "echo" } }, about: ["new"] },
  { kind: "clone", input: { source: "web", label: "old", name: "new" }, about: ["new"] },
  {
    kind: "prepare-standby",
    input: { source: "web", label: "old", name: "new", frozen: true },
    about: ["new"],
  },
  { kind: "set-standby", input: { name: "web", label: "old", count: 2 }, about: ["web"] },
  {
    kind: "remove-standby",
    input: { name: "web", label: "old" },
    about: ["web"],
    after: [["set-standby", { name: "web", label: "old", count: 2 }]],
  },
  { kind: "delete", input: { name: "web" }, about: ["web"] },
  { kind: "stop", input: { name: "web" }, about: ["web"] },
  { kind: "start", input: { name: "down" }, about: ["down"] },
  { kind: "restart", input: { name: "web" }, about: ["web"] },
  { kind: "revert", input: { name: "web", label: "old" }, about: ["web"] },
  { kind: "undo", input: { name: "web" }, about: ["web"], after: [["revert", { name: "web", label: "old" }]] },
  {
    kind: "redo",
    input: { name: "web" },
    about: ["web"],
    after: [
      ["revert", { name: "web", label: "old" }],
      ["undo", { name: "web" }],
    ],
  },
  { kind: "revert-parts", input: parts("volume:data"), about: ["web"] },
  { kind: "revert-parts", input: parts("container:gone", "volume:data"), about: ["web"] },
  { kind: "undo", input: { name: "web" }, about: ["web"], after: [["revert-parts", parts("container:gone")]] },
  { kind: "remove-snapshot", input: { name: "web", label: "old" }, about: ["web"] },
  {
    kind: "change-instance",
    input: {
      name: "web",
      change: { limits: { memory: 2 ** 30, cpus: null, disk: 2 ** 30 }, labels: { team: "core" } },
    },
    about: ["web"],
    after: [["change-instance", { name: "web", change: { limits: { memory: 2 ** 29, cpus: 2, disk: 2 ** 29 } } }]],
  },
  {
    kind: "change-snapshot",
    input: { name: "web", label: "old", change: { new_label: "golden", tags: { why: "release" }, protected: true } },
    about: ["web", "branch"],
    after: [
      ["clone", { source: "web", label: "old", name: "branch" }],
      ["snapshot", { name: "web", label: "child" }],
      ["revert", { name: "web", label: "old" }],
    ],
  },
  {
    kind: "sweep",
    input: {
      name: "web",
      removals: ["old", "kept", "gone"].map((label) => ({ label, reason: "it is time" })),
    },
    about: ["web"],
    after: [
      ["snapshot", { name: "web", label: "kept", protected: true }],
      ["snapshot", { name: "web", label: "child" }],
    ],
  },
  {
    kind: "add-schedule",
    input: { name: "web", cron: "@daily", keep: { daily: 7 } },
    about: ["web"],
  },
  {
    kind: "remove-schedule",
    input: { name: "web", id: "daily" },
    about: ["web"],
    after: [
      ["add-schedule", { name: "web", cron: "@daily" }],
      ["snapshot", { name: "web", label: "daily-1", tags: { "dockersnap.schedule": "daily", a: "b" } }],
    ],
  },
  {
    kind: "verify",
    input: { name: "web", label: "old", clone: "web-verify-1" },
    about: ["web", "web-verify-1"],
  },
  snapshot("live"),
  snapshot("paused"),
  snapshot("stopped"),
];

const volumeFile = "volumes/data/_data/file";
const mount = { type: "volume", source: "data", destination: "/data", readOnly: false };
/** Removed after the snapshot. */
const gone = storedContainer({ id: "9".repeat(64), name: "gone" });

function removeBelow(world: World, name: string, folder: string): void {
  for (const file of world.storage.files(name)) if (file.startsWith(folder)) world.storage.unlink(name, file);
}

async function host(after: Case["after"] = []): Promise<World> {
  const world = new World();
  world.plugins.add("echo", {
    pre_snapshot: () => undefined,
    post_snapshot: () => undefined,
    post_revert: () => undefined,
  });
  for (const name of ["web", "down", "bystander"]) {
    await world.did("create", { name, workload_inline: { plugin: "echo" } });
    world.write(name, "data", "old");
    world.write(name, volumeFile, "old");
    world.stored.putVolume(name, storedVolume());
    world.stored.putContainer(name, storedContainer({ mounts: [mount] }));
    world.stored.putContainer(name, gone);
    world.write(name, `overlay2/${gone.id}/diff/file`, "old");
    await world.did("snapshot", { name, label: "old" });
    world.write(name, "data", "new");
    world.write(name, volumeFile, "new");
    for (const file of ["containers/", "overlay2/"]) removeBelow(world, name, `${file}${gone.id}/`);
    world.engines.setContainers(name, [
      container({ ports: [{ ip: "0.0.0.0", publicPort: 80, privatePort: 80, protocol: "tcp" }] }),
    ]);
    await world.did("restart", { name });
  }
  await world.did("stop", { name: "down" });
  for (const [kind, input] of after) await world.did(kind, input);
  return world;
}

/** What can be told apart of an instance, without the names that hold a time. */
async function state(world: World, name: string): Promise<unknown> {
  const sight = await world.sight(name);
  const timeless = JSON.stringify(sight).replaceAll(/(auto-before-(revert|undo|redo)-)[^"]*/g, "$1");
  const { record, ...rest } = JSON.parse(timeless) as { record?: { createdAt?: string } };
  return {
    ...rest,
    record: record === undefined ? undefined : { ...record, createdAt: undefined },
    frozen: world.engines.isFrozen(name),
  };
}

const states = async (world: World, names: readonly string[]) =>
  Object.fromEntries(await Promise.all(names.map(async (name) => [name, await state(world, name)])));

it("leaves no kind of operation out", () => {
  const disturbed = new Set(cases.map(({ kind }) => kind));
  expect(new World().kinds().filter((kind) => !disturbed.has(kind))).toEqual([]);
});

describe.each(cases)("$kind $input.mode", ({ kind, input, about, after }) => {
  const others = ["web", "down", "bystander"].filter((name) => !about.includes(name));

  async function expectHonestEnd(disturb: (world: World, step: string) => Promise<string>) {
    const whole = await host(after);
    const before = await states(whole, about);
    const { steps } = await whole.run(kind, input);
    const done = await states(whole, about);
    expect(steps).not.toEqual([]);
    for (const { name: step } of steps) {
      const world = await host(after);
      const untouched = await states(world, others);
      const status = await disturb(world, step);
      expect({ step, others: await states(world, others) }).toEqual({ step, others: untouched });
      expect({ step, about: await states(world, about) }).toEqual({ step, about: status === "done" ? done : before });
    }
  }

  it.each(["begin", "acted"] as const)("is as before, or done, when any step fails at %s", async (moment) => {
    await expectHonestEnd(async (world, step) => (await world.failing({ step, moment }, kind, input)).status);
  });

  it.each(["begin", "acted", "journalled"] as const)(
    "is as before, or done, when the daemon dies at %s of any step",
    async (moment) => {
      await expectHonestEnd(async (world, step) => {
        const { status, recovered } = await world.dying({ step, moment }, kind, input);
        expect(recovered).toBe(status === "done" ? "finished" : "undone");
        return status;
      });
    },
  );
});
