import type { Diff } from "@dockersnap/contract";
import { beforeEach, describe, expect, it } from "vitest";
import {
  type DataRootContents,
  diffInstance,
  type StoredContainer,
  type StoredImage,
  type StoredNetwork,
} from "../../src/index.ts";
import { World } from "../world.ts";

let world: World;
const never = new AbortController().signal;
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

beforeEach(async () => {
  world = new World();
  await world.did("create", { name: "web" });
});

const contents = (instance: string, label: string | undefined, what: Partial<DataRootContents>) =>
  world.dataRoots.set(rootOf(instance, label), what);

function rootOf(instance: string, label: string | undefined): string {
  return label === undefined ? world.storage.path(instance) : world.storage.snapshotPath(instance, label);
}

function diff(from?: string, to?: string, name = "web"): Promise<Diff> {
  return diffInstance(world, name, { from, to }, never);
}

function container(change: Partial<StoredContainer> = {}): StoredContainer {
  return {
    id: "1".repeat(64),
    name: "app",
    createdAt: "2026-01-01T00:00:00Z",
    image: digest("a"),
    imageName: "app:1",
    command: ["serve", "two words"],
    env: ["A=1", "B=2=3"],
    labels: {},
    ports: [],
    mounts: [],
    networks: ["bridge"],
    settings: {},
    state: "running",
    exitCode: 0,
    layers: { mountId: "m", own: "overlay2/m/diff", below: ["overlay2/i/diff"] },
    ...change,
  };
}

const image = (id: string, ...tags: string[]): StoredImage => ({ id: digest(id), tags, repoDigests: [], bytes: 7 });

const network = (name: string, change: Partial<StoredNetwork> = {}): StoredNetwork => ({
  id: `${name}-1`,
  name,
  driver: "bridge",
  internal: false,
  labels: {},
  options: {},
  subnets: [],
  ...change,
});

const volume = (name: string, labels = {}) => ({
  name,
  driver: "local",
  labels,
  options: {},
  folder: `volumes/${name}/_data`,
});

/** A snapshot `s1` with one side, and the instance now with the other. */
async function sides(before: Partial<DataRootContents>, after: Partial<DataRootContents>): Promise<void> {
  await world.did("snapshot", { name: "web", label: "s1" });
  contents("web", "s1", before);
  contents("web", undefined, after);
}

describe("what differs", () => {
  it("is nothing where everything is the same", async () => {
    const same = { containers: [container()], images: [image("a", "app:1")], volumes: [volume("data")] };
    await sides(same, same);
    expect(await diff()).toMatchObject({
      from: { instance: "web", label: "s1" },
      to: { instance: "web" },
      containers: [],
      images: [],
      volumes: [],
      networks: [],
      truncated: false,
      problems: [],
    });
  });

  it("of a container is each thing it was told to be", async () => {
    const changed = container({
      id: "2".repeat(64),
      image: digest("b"),
      imageName: "app:2",
      command: ["serve"],
      env: ["A=2", "C="],
      ports: [{ containerPort: 80, protocol: "tcp", hostIp: "127.0.0.1", hostPort: "8080" }],
      mounts: [{ type: "volume", source: "data", destination: "/data", readOnly: true }],
      networks: ["back"],
      settings: { User: '"app"' },
      state: "exited",
      exitCode: 3,
    });
    await sides({ containers: [container()] }, { containers: [changed] });
    const { containers } = await diff();
    expect(containers).toMatchObject([{ name: "app", change: "changed", recreated: true, image: "app:2" }]);
    expect(containers[0]?.settings).toEqual([
      { setting: "image", from: "app:1", to: "app:2" },
      { setting: "image_digest", from: digest("a"), to: digest("b") },
      { setting: "state", from: "running", to: "exited (3)" },
      { setting: "command", from: 'serve "two words"', to: "serve" },
      { setting: "env", name: "A", from: "1", to: "2" },
      { setting: "env", name: "B", from: "2=3" },
      { setting: "env", name: "C", to: "" },
      { setting: "port", name: "80/tcp", to: "127.0.0.1:8080" },
      { setting: "mount", name: "/data", to: "volume data read-only" },
      { setting: "network", from: "bridge" },
      { setting: "network", to: "back" },
      { setting: "User", to: '"app"' },
    ]);
  });

  it("is told of a container by its id, whatever it is called now", async () => {
    const other = container({ id: "2".repeat(64), name: "app" });
    await sides({ containers: [container()] }, { containers: [container({ name: "old-app" }), other] });
    expect((await diff()).containers).toMatchObject([
      { name: "app", change: "added", id: other.id },
      { name: "old-app", change: "changed", settings: [{ setting: "name", from: "app", to: "old-app" }] },
    ]);
  });

  it("of images is told by digest, with the tags that moved", async () => {
    await sides(
      { images: [image("a", "app:1", "app:latest"), image("b", "gone:1")] },
      { images: [image("a", "app:1"), image("c", "app:latest")] },
    );
    expect((await diff()).images).toEqual([
      {
        digest: digest("a"),
        change: "changed",
        tags: ["app:1"],
        tags_added: [],
        tags_removed: ["app:latest"],
        bytes: 7,
      },
      { digest: digest("c"), change: "added", tags: ["app:latest"], tags_added: [], tags_removed: [], bytes: 7 },
      { digest: digest("b"), change: "removed", tags: ["gone:1"], tags_added: [], tags_removed: [], bytes: 7 },
    ]);
  });

  it("of volumes and containers' layers is told by their files, with counts of both moments", async () => {
    const things = { containers: [container()], volumes: [volume("data")] };
    await sides({ ...things, volumes: [volume("data"), volume("old")] }, { ...things });
    world.trees.set(rootOf("web", "s1"), "volumes/data/_data", { kept: "1", gone: "22" });
    world.trees.set(rootOf("web", "s1"), "volumes/old/_data", { a: "1" });
    world.trees.set(rootOf("web", undefined), "volumes/data/_data", { kept: "1", fresh: "333" });
    world.trees.set(rootOf("web", undefined), "overlay2/m/diff", { "etc/hosts": "1" });
    const { containers, volumes, truncated } = await diff();
    expect(volumes).toMatchObject([
      {
        name: "data",
        change: "changed",
        files: { from: { files: 2, bytes: 3 }, to: { files: 2, bytes: 4 }, added: 1, removed: 1, changed: 0 },
      },
      { name: "old", change: "removed", files: { from: { files: 1, bytes: 1 }, changes: [] } },
    ]);
    expect(volumes[0]?.files?.changes.map(({ path }) => path)).toEqual(["fresh", "gone"]);
    expect(containers[0]?.files?.changes).toEqual([{ path: "/etc/hosts", change: "added", kind: "file", bytes: 1 }]);
    expect(truncated).toBe(false);
  });

  it("is listed as far as was asked for, and says that there is more", async () => {
    await sides({ volumes: [volume("data")] }, { volumes: [volume("data")] });
    world.trees.set(rootOf("web", undefined), "volumes/data/_data", { a: "1", b: "1", c: "1" });
    const { volumes, truncated } = await diffInstance(world, "web", { limit: 2 }, never);
    expect(volumes[0]?.files).toMatchObject({ added: 3, changes: [{ path: "a" }, { path: "b" }] });
    expect(truncated).toBe(true);
  });

  it("of networks leaves out that dockerd made its own bridge anew", async () => {
    await sides(
      { networks: [network("bridge"), network("back"), network("front", { subnets: ["10.1.0.0/24"] })] },
      {
        networks: [
          network("bridge", { id: "bridge-2" }),
          network("back", { id: "back-2" }),
          network("front", { subnets: ["10.2.0.0/24"] }),
          network("fresh"),
        ],
      },
    );
    expect((await diff()).networks).toMatchObject([
      { name: "back", change: "changed", recreated: true, settings: [] },
      { name: "fresh", change: "added" },
      {
        name: "front",
        change: "changed",
        settings: [
          { setting: "subnet", from: "10.1.0.0/24" },
          { setting: "subnet", to: "10.2.0.0/24" },
        ],
      },
    ]);
  });

  it("passes on what could not be read, with the moment it is about", async () => {
    await sides({ problems: ["The list of volumes could not be read: it is no bolt database."] }, {});
    expect((await diff()).problems).toEqual(["web@s1: The list of volumes could not be read: it is no bolt database."]);
  });

  it("has a bound on each word a workload chose", async () => {
    await sides(
      { containers: [container()] },
      { containers: [container({ env: ["A=1", `B=${"x".repeat(1e6)}`], labels: many(1_000) })] },
    );
    const [first] = (await diff()).containers;
    expect(first?.settings.length).toBe(200);
    expect(JSON.stringify(first).length).toBeLessThan(20_000);
  });
});

function many(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`label-${index}`, "1"]));
}

describe("the moments", () => {
  it("are where the instance came from last and now, when none is named", async () => {
    await sides({}, {});
    await world.did("snapshot", { name: "web", label: "s2" });
    contents("web", "s2", {});
    expect(await diff()).toMatchObject({ from: { label: "s2" }, to: { instance: "web" } });
    await world.did("revert", { name: "web", label: "s1" });
    expect(await diff()).toMatchObject({ from: { label: "s1" } });
  });

  it("are any two snapshots, also in reverse, and those of other instances", async () => {
    await sides({}, {});
    await world.did("snapshot", { name: "web", label: "s2" });
    contents("web", "s2", { volumes: [volume("data")] });
    expect((await diff("s1", "s2")).volumes).toMatchObject([{ name: "data", change: "added" }]);
    expect((await diff("s2", "s1")).volumes).toMatchObject([{ name: "data", change: "removed" }]);
    await world.did("create", { name: "other" });
    contents("other", undefined, {});
    expect(await diff("web@s2", "now", "other")).toMatchObject({
      from: { instance: "web", label: "s2" },
      to: { instance: "other" },
      volumes: [{ name: "data", change: "removed" }],
    });
  });

  it("begin with what a clone was cloned from while it has no snapshot of its own", async () => {
    await sides({}, {});
    await world.did("clone", { source: "web", label: "s1", name: "copy" });
    contents("copy", undefined, { volumes: [volume("data")] });
    expect(await diff(undefined, undefined, "copy")).toMatchObject({
      from: { instance: "web", label: "s1" },
      to: { instance: "copy" },
      volumes: [{ name: "data", change: "added" }],
    });
    await world.did("remove-snapshot", { name: "web", label: "s1" });
    await expect(diff(undefined, undefined, "copy")).rejects.toMatchObject({ code: "wrong_state" });
  });

  it("tell a snapshot that is called now from the present by its full name", async () => {
    await sides({}, { volumes: [volume("data")] });
    await world.did("snapshot", { name: "web", label: "old" });
    contents("web", "now", {});
    // An older version let one be called so.
    await world.storage.renameSnapshot("web", "old", "now");
    world.records.snapshots.update("web", "old", { label: "now" });
    expect(await diff("web@now", "now")).toMatchObject({ from: { label: "now" }, volumes: [{ change: "added" }] });
  });

  it("are refused when they are none, with the nearest there is", async () => {
    await expect(diff()).rejects.toMatchObject({
      code: "wrong_state",
      message: expect.stringContaining("snapshot web"),
    });
    await sides({}, {});
    await expect(diff("s11")).rejects.toMatchObject({ code: "not_found", details: { nearest: "s1" } });
    await expect(diff("wbe@s1")).rejects.toMatchObject({ code: "not_found", details: { nearest: "web" } });
  });
});

describe("what was not compared to its end", () => {
  it("is named, though nothing of it is known to differ", async () => {
    await sides({ volumes: [volume("data"), volume("small")] }, { volumes: [volume("data"), volume("small")] });
    world.trees.endless.add(`${world.storage.path("web")}/volumes/data/_data`);
    expect(await diff("s1")).toMatchObject({
      volumes: [],
      truncated: true,
      problems: [expect.stringMatching(/^Not every file was compared.* in volume 'data'\.$/)],
    });
  });
});

describe("a moment that goes while it is compared", () => {
  it.each([
    ["is a snapshot that is deleted", () => world.records.snapshots.remove("web", "s1"), /s1.*deleted or renamed/],
    [
      "is the present, put back to a snapshot",
      () => {
        world.records.instances.update("web", { head: "s1" });
        world.records.reverts.save({
          instance: "web",
          seq: 1,
          at: "2026-01-01T00:00:00Z",
          from: undefined,
          to: "s1",
          keptAs: "k",
          parts: undefined,
          redoAs: undefined,
          lost: false,
        });
      },
      /put back to a snapshot, or deleted/,
    ],
  ])("%s", async (_what, meanwhile, words) => {
    await sides({}, {});
    world.trees.meanwhile = meanwhile;
    await expect(diff()).rejects.toMatchObject({ code: "wrong_state", message: expect.stringMatching(words) });
  });

  it("is told too when its tree is gone before its record", async () => {
    await world.did("snapshot", { name: "web", label: "s1" });
    contents("web", undefined, {});
    await expect(diff()).rejects.toMatchObject({ code: "wrong_state", message: expect.stringMatching(/s1/) });
  });
});
