import { beforeEach, describe, expect, it } from "vitest";
import { container, storedContainer, storedVolume, World } from "../../world.ts";

let world: World;

const web = { name: "web" };
const ids = { db: "d".repeat(64), worker: "e".repeat(64) };
const db = storedContainer({ id: ids.db, name: "db", mounts: [volumeAt("data"), volumeAt("log")] });
const worker = storedContainer({ id: ids.worker, name: "worker" });
const files = {
  data: "volumes/data/_data/table",
  log: "volumes/log/_data/lines",
  worker: `overlay2/${ids.worker}/diff/note`,
};

function volumeAt(source: string) {
  return { type: "volume", source, destination: `/${source}`, readOnly: false };
}

const only = (...parts: string[]) => world.did("revert-parts", { ...web, label: "then", only: parts });
const write = (words: string) => {
  for (const file of Object.values(files)) world.write("web", file, words);
};
const written = () => Object.fromEntries(Object.entries(files).map(([name, file]) => [name, world.read("web", file)]));
const containers = async () =>
  Object.fromEntries((await world.engines.api("web").containers()).map(({ name, state }) => [name, state]));
const line = () => world.records.reverts.of("web");

beforeEach(async () => {
  world = new World();
  await world.did("create", web);
  for (const name of ["data", "log"]) world.stored.putVolume("web", storedVolume({ name }));
  for (const one of [db, worker]) world.stored.putContainer("web", one);
  world.engines.setContainers("web", [
    container({ id: ids.db, name: "db" }),
    container({ id: ids.worker, name: "worker" }),
  ]);
  write("then");
  await world.did("snapshot", { ...web, label: "then" });
  await world.did("snapshot", { ...web, label: "later" });
  write("now");
});

it("puts one volume back and leaves the rest, the head and the other snapshots as they are", async () => {
  expect(await only("volume:data")).toEqual({ status: "ok" });
  expect(written()).toEqual({ data: "then", log: "now", worker: "now" });
  expect(await containers()).toEqual({ db: "running", worker: "running" });
  expect(world.records.instances.get("web")?.head).toBe("later");
  expect(world.records.snapshots.of("web").map(({ label, parent }) => [label, parent])).toEqual([
    ["then", undefined],
    ["later", "then"],
    [line()[0]?.keptAs, "later"],
  ]);
});

it("stops the containers that use it, by their own signals, and no other", async () => {
  world.engines.failNext("stopContainer");
  const failed = await world.run("revert-parts", { ...web, label: "then", only: ["volume:data"] });
  expect(failed.status).toBe("failed");
  expect(await containers()).toEqual({ db: "running", worker: "running" });
  // Nobody uses what is the worker's own but the worker.
  world.engines.failNext("detach");
  await only("container:worker");
  expect(written()).toEqual({ data: "now", log: "now", worker: "then" });
});

it("is taken back and again alone, with what was done to the rest in between", async () => {
  await only("volume:data");
  world.write("web", files.data, "after");
  world.write("web", files.log, "after");
  await world.restart();
  expect(await world.did("undo", web)).toMatchObject({ revert: { to: "then", only: ["volume:data"], undone: true } });
  expect(written()).toEqual({ data: "now", log: "after", worker: "now" });
  await world.restart();
  await world.did("redo", web);
  expect(written()).toEqual({ data: "after", log: "after", worker: "now" });
  expect(world.records.instances.get("web")?.head).toBe("later");
});

it("stands in one line with reverts of the whole instance", async () => {
  await only("volume:data");
  await world.did("revert", { ...web, label: "then" });
  write("anew");
  await world.did("undo", web);
  expect(written()).toEqual({ data: "then", log: "now", worker: "now" });
  await world.did("undo", web);
  expect(written()).toEqual({ data: "now", log: "now", worker: "now" });
  await world.did("redo", web);
  await world.did("redo", web);
  expect(written()).toEqual({ data: "anew", log: "anew", worker: "anew" });
});

describe("a container that is gone", () => {
  beforeEach(async () => {
    world.storage.unlink("web", `containers/${ids.worker}/config`);
    world.storage.unlink("web", files.worker);
    world.engines.setContainers("web", [container({ id: ids.db, name: "db" })]);
  });

  it("comes back and runs, as it did then, and is gone again when that is undone", async () => {
    await only("container:worker");
    expect(written()).toEqual({ data: "now", log: "now", worker: "then" });
    expect(await containers()).toEqual({ db: "running", worker: "running" });
    world.write("web", files.worker, "after");
    await world.did("undo", web);
    expect(await containers()).toEqual({ db: "running" });
    expect(written().worker).toBeUndefined();
    await world.did("redo", web);
    expect([written().worker, await containers()]).toEqual(["after", { db: "running", worker: "running" }]);
  });

  it("comes back into a stopped instance, which stays stopped", async () => {
    await world.did("stop", web);
    await only("container:worker");
    expect(await world.engines.state("web")).toBe("stopped");
    expect(written().worker).toBe("then");
  });
});

it("takes a volume away again that came back, unless somebody uses it by then", async () => {
  world.storage.unlink("web", "volumes/log/opts");
  world.storage.unlink("web", files.log);
  world.stored.putContainer("web", { ...db, mounts: [volumeAt("data")] });
  await only("volume:log");
  expect(written().log).toBe("then");
  world.stored.putContainer("web", db);
  await expect(world.run("undo", web)).rejects.toMatchObject({
    code: "wrong_state",
    message: expect.stringContaining("container 'db' uses it"),
  });
  world.stored.putContainer("web", { ...db, mounts: [volumeAt("data")] });
  await world.did("undo", web);
  expect(written().log).toBeUndefined();
});

it("tells the plugin", async () => {
  const heard: string[] = [];
  world.plugins.add("db", { post_revert: () => void heard.push("post_revert") });
  await world.did("create", { name: "two", workload_inline: { plugin: "db" } });
  world.stored.putVolume("two", storedVolume({ name: "data" }));
  await world.did("snapshot", { name: "two", label: "then" });
  await world.did("revert-parts", { name: "two", label: "then", only: ["volume:data"] });
  expect(heard).toEqual(["post_revert"]);
});

it.each([
  ["an unknown snapshot", { label: "them", only: ["volume:data"] }, "not_found", "Did you mean 'then'?"],
  ["an unknown volume", { label: "then", only: ["volume:date"] }, "not_found", "Did you mean 'volume:data'?"],
  [
    "an unknown container",
    { label: "then", only: ["container:wroker"] },
    "not_found",
    "Did you mean 'container:worker'?",
  ],
  ["what is neither", { label: "then", only: ["image:web"] }, "invalid_request", "volume:<name> or container:<name>"],
])("refuses %s before anything is done", async (_, input, code, says) => {
  const before = await world.sight("web");
  await expect(world.run("revert-parts", { ...web, ...input })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(says),
  });
  expect(await world.sight("web")).toEqual(before);
});

it("refuses on a pool at its reserve", async () => {
  world.storage.total = 1;
  await expect(world.run("revert-parts", { ...web, label: "then", only: ["volume:data"] })).rejects.toMatchObject({
    code: "no_space",
  });
});
