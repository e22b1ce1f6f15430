import { beforeEach, expect, it } from "vitest";
import { World } from "../world.ts";

let world: World;

const web = { name: "web" };
const revert = (label: string) => world.did("revert", { ...web, label });
const undo = () => world.did("undo", web);
const redo = () => world.did("redo", web);
const data = () => world.read("web", "data");
const head = () => world.records.instances.get("web")?.head;
const line = () => world.records.reverts.of("web");

beforeEach(async () => {
  world = new World();
  await world.did("create", web);
  for (const label of ["one", "two", "three"]) {
    world.write("web", "data", label);
    await world.did("snapshot", { ...web, label });
  }
  world.write("web", "data", "work on three");
});

it("takes reverts back, the last one first, with the work done in between", async () => {
  await revert("two");
  world.write("web", "data", "work on two");
  await revert("one");
  await undo();
  expect([data(), head()]).toEqual(["work on two", "two"]);
  await undo();
  expect([data(), head()]).toEqual(["work on three", "three"]);
});

it("takes them again in their order, and back again, losing nothing on any of these ways", async () => {
  await revert("two");
  world.write("web", "data", "work on two");
  await revert("one");
  world.write("web", "data", "work on one");
  await undo();
  world.write("web", "data", "more work on two");
  await undo();
  world.write("web", "data", "more work on three");
  await redo();
  expect([data(), head()]).toEqual(["more work on two", "two"]);
  await redo();
  expect([data(), head()]).toEqual(["work on one", "one"]);
  await undo();
  await undo();
  expect([data(), head()]).toEqual(["more work on three", "three"]);
});

it("says what it took back, and keeps what was there under a label of its own that expires", async () => {
  await revert("one");
  const [{ keptAs = "" } = {}] = line();
  const answer = await undo();
  const redoAs = line()[0]?.redoAs ?? "";
  expect(answer).toMatchObject({
    status: "ok",
    revert: { from: "three", to: "one", kept_as: keptAs, undone: true, redo_as: redoAs, lost: false },
  });
  expect(world.records.snapshots.get("web", redoAs)).toMatchObject({
    label: expect.stringMatching(/^auto-before-undo-/),
    tags: { "dockersnap.auto": "undo" },
    parent: "one",
    expiresAt: expect.any(String),
  });
  expect(await redo()).toMatchObject({ status: "ok", revert: { to: "one", undone: false, lost: false } });
  expect(world.records.snapshots.get("web", line()[0]?.keptAs ?? "")).toMatchObject({
    label: expect.stringMatching(/^auto-before-redo-/),
    tags: { "dockersnap.auto": "redo" },
    parent: "three",
  });
});

it("goes on from a snapshot that was taken after the revert when it is taken again", async () => {
  await revert("one");
  await world.did("snapshot", { ...web, label: "four" });
  await undo();
  expect(head()).toBe("three");
  await redo();
  expect(head()).toBe("four");
});

it("forgets what could be taken again once it is reverted anew, and keeps its snapshots", async () => {
  await revert("two");
  await revert("one");
  await undo();
  await undo();
  const redos = line().map(({ redoAs }) => redoAs);
  await revert("one");
  expect(line()).toMatchObject([{ to: "one", redoAs: undefined }]);
  expect(world.records.snapshots.of("web").map(({ label }) => label)).toEqual(expect.arrayContaining(redos));
  await expect(world.run("redo", web)).rejects.toMatchObject({
    code: "wrong_state",
    message: expect.stringContaining("Nothing to redo"),
  });
});

it("has nothing to take back where nothing was reverted, and where all is taken back", async () => {
  await expect(world.run("undo", web)).rejects.toMatchObject({
    code: "wrong_state",
    message: expect.stringContaining("has not been reverted"),
  });
  await revert("one");
  await undo();
  await expect(world.run("undo", web)).rejects.toMatchObject({
    code: "wrong_state",
    message: expect.stringContaining("dockersnap redo web"),
  });
});

it("tells which snapshot is missing, and what is left, once what was kept is removed", async () => {
  await revert("two");
  await revert("one");
  const [older, last] = line();
  const label = last?.keptAs ?? "";
  await world.did("remove-snapshot", { ...web, label });
  // Another one of that name is not what was kept.
  await world.did("snapshot", { ...web, label });
  await expect(world.run("undo", web)).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringMatching(
      new RegExp(`'${label}', which was removed or has expired. .*'dockersnap revert web@${older?.keptAs}'`),
    ),
    details: { kept_as: label },
  });
  await world.did("remove-snapshot", { ...web, label: older?.keptAs });
  await expect(world.run("undo", web)).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringContaining("dockersnap history web"),
  });
  expect(data()).toBe("one");
});

it("tells that what was undone cannot be taken again once its snapshot is removed", async () => {
  await revert("one");
  await undo();
  const label = line()[0]?.redoAs;
  await world.did("remove-snapshot", { ...web, label });
  await expect(world.run("redo", web)).rejects.toMatchObject({ code: "not_found", details: { kept_as: label } });
  expect(line()).toMatchObject([{ lost: true }]);
});

it("comes back to the parent of a snapshot that was removed meanwhile", async () => {
  await revert("one");
  await world.did("remove-snapshot", { ...web, label: "three" });
  await undo();
  expect([data(), head()]).toEqual(["work on three", "two"]);
});

it("is known to the next daemon", async () => {
  await revert("one");
  await world.restart();
  await undo();
  await world.restart();
  await redo();
  expect(data()).toBe("one");
});

it("tells the plugin as a revert does", async () => {
  const heard: string[] = [];
  world.plugins.add("db", { post_revert: () => void heard.push("post_revert") });
  await world.did("create", { name: "db", workload_inline: { plugin: "db" } });
  await world.did("snapshot", { name: "db", label: "one" });
  await world.did("revert", { name: "db", label: "one" });
  await world.did("undo", { name: "db" });
  await world.did("redo", { name: "db" });
  expect(heard).toHaveLength(3);
});

it("remembers the last thousand reverts", async () => {
  for (let seq = 1; seq <= 1_000; seq += 1) {
    world.records.reverts.save({
      instance: "web",
      seq,
      at: "2025-01-01T00:00:00.000Z",
      from: undefined,
      to: "one",
      parts: undefined,
      keptAs: "gone",
      redoAs: undefined,
      lost: true,
    });
  }
  await revert("one");
  expect(line()).toHaveLength(1_000);
  expect(line().map(({ seq }) => seq)).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 2));
});

it("keeps the present under another label where a clock that was set back comes by the same moment again", async () => {
  await revert("two");
  const [first] = line();
  world.write("web", "data", "work on two");
  // The next look at the clock is a second on.
  const now = world.clock.now().getTime();
  world.setBack(now - Date.parse(first?.at ?? "") + 1_000);
  await revert("one");
  expect(line().map(({ keptAs }) => keptAs)).toEqual([first?.keptAs, `${first?.keptAs}-2`]);
  await undo();
  expect(data()).toBe("work on two");
  await undo();
  expect(data()).toBe("work on three");
});

it.each(["revert", "undo"])(
  "leaves everything as it was when the pool becomes full before the swap of %s",
  async (act) => {
    await revert("two");
    world.write("web", "data", "work on two");
    const before = { web: await world.describe("web"), data: data(), line: line(), pool: await world.storage.list() };
    const fills = () => {
      world.storage.metadataFree = 0;
    };
    const operation = await world.meanwhile({ step: "swap", moment: "begin" }, fills, act, { ...web, label: "one" });
    expect(operation).toMatchObject({ status: "failed", error: { code: "no_space" } });
    const after = { web: await world.describe("web"), data: data(), line: line(), pool: await world.storage.list() };
    expect(after).toEqual(before);
  },
);
