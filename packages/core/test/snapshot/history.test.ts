import { beforeEach, expect, it } from "vitest";
import { describeHistory } from "../../src/index.ts";
import { MemoryRecords, samples } from "../../testing/index.ts";
import { World } from "../world.ts";

let world: World;
const historyOf = (name: string) => describeHistory(world.records, name);
const take = (name: string, label: string) => world.did("snapshot", { name, label });

beforeEach(() => {
  world = new World();
});

it("has what came from what, over reverts and removals", async () => {
  await world.did("create", { name: "web" });
  for (const label of ["one", "two", "three"]) await take("web", label);
  await world.did("revert", { name: "web", label: "one" });
  await take("web", "other");
  await world.did("remove-snapshot", { name: "web", label: "two" });
  const { head, snapshots, reverts } = historyOf("web");
  expect(head).toBe("other");
  const kept = reverts[0]?.kept_as;
  expect(snapshots.map(({ label, parent }) => [label, parent])).toEqual([
    ["one", undefined],
    ["three", "one"],
    [kept, "three"],
    ["other", "one"],
  ]);
  expect(reverts).toEqual([
    { at: expect.any(String), from: "three", to: "one", kept_as: kept, undone: false, lost: false },
  ]);
});

it("tells where a clone came from, through every instance on the way, and what was cloned", async () => {
  await world.did("create", { name: "base" });
  for (const label of ["bare", "golden"]) await take("base", label);
  await world.did("clone", { source: "base", label: "golden", name: "web" });
  await take("web", "one");
  await world.did("clone", { source: "web", label: "one", name: "bench" });
  const links = (name: string) =>
    historyOf(name).origins.map(({ instance, label, gone, chain }) => ({
      from: `${instance}@${label}`,
      gone,
      chain: chain.map((link) => link.label),
    }));
  expect(links("bench")).toEqual([
    { from: "web@one", gone: false, chain: ["one"] },
    { from: "base@golden", gone: false, chain: ["bare", "golden"] },
  ]);
  expect(historyOf("web").clones).toEqual([
    { name: "bench", label: "one", created_at: expect.any(String), gone: false },
  ]);
  expect(historyOf("base").clones.map(({ name }) => name)).toEqual(["web"]);

  await world.did("remove-snapshot", { name: "base", label: "golden" });
  expect(links("bench")[1]).toEqual({ from: "base@golden", gone: true, chain: [] });
  expect(historyOf("base").clones).toMatchObject([{ name: "web", label: "golden", gone: true }]);
  await world.did("delete", { name: "bench" });
  expect(historyOf("web").clones).toEqual([]);
});

it("takes no later instance or snapshot of the same name for the one a clone came from", async () => {
  await world.did("create", { name: "web" });
  await take("web", "golden");
  await world.did("clone", { source: "web", label: "golden", name: "bench" });
  await take("bench", "own");
  await world.did("remove-snapshot", { name: "web", label: "golden" });
  await take("web", "golden");
  expect(historyOf("bench").origins).toMatchObject([{ label: "golden", gone: true, chain: [] }]);
  await world.did("delete", { name: "web" });
  await world.did("clone", { source: "bench", label: "own", name: "web" });
  await take("web", "golden");
  expect(historyOf("bench").origins).toEqual([{ instance: "web", label: "golden", gone: true, chain: [] }]);
  expect(historyOf("web")).toMatchObject({
    origins: [
      { instance: "bench", label: "own", gone: false },
      { instance: "web", label: "golden", gone: true },
    ],
    clones: [],
  });
});

it("names the nearest instance where there is none of that name", async () => {
  await world.did("create", { name: "web" });
  expect(() => historyOf("wbe")).toThrow(expect.objectContaining({ code: "not_found", details: { nearest: "web" } }));
});

it("comes to an end whatever the records say of parents", () => {
  const records = new MemoryRecords();
  records.instances.insert(samples.instance("base", 0));
  for (const [label, parent] of [
    ["a", "b"],
    ["b", "a"],
  ] as const) {
    records.snapshots.insert(samples.snapshot("base", label, 5, { parent }));
  }
  const cloneOf = { instance: "base", label: "a" };
  records.instances.insert(samples.instance("web", 1, { createdAt: samples.at(10), cloneOf }));
  expect(describeHistory(records, "web").origins[0]?.chain.map(({ label }) => label)).toEqual(["b", "a"]);
});

it("knows where a clone came from that was made after the clock was set back", async () => {
  await world.did("create", { name: "web" });
  await take("web", "golden");
  world.setBack(3_600_000);
  await world.did("clone", { source: "web", label: "golden", name: "bench" });
  expect(historyOf("bench").origins).toMatchObject([{ instance: "web", label: "golden", gone: false }]);
  expect(historyOf("web").clones).toMatchObject([{ name: "bench", gone: false }]);
});

it("has what came from what when the clock was set back between, in whatever order times say", async () => {
  await world.did("create", { name: "web" });
  await take("web", "one");
  world.setBack(3_600_000);
  await take("web", "two");
  const { head, snapshots } = historyOf("web");
  expect(head).toBe("two");
  expect(snapshots.find(({ label }) => label === "two")?.parent).toBe("one");
});
