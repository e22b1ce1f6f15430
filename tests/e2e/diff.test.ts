import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerDiff, Diff, FilesDiff } from "@dockersnap/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { cli } from "../support/cli.ts";
import { Engine } from "../support/engine.ts";
import { bareInstance } from "../support/instance.ts";
import { World } from "../support/world.ts";

let world: World;
let name: string;
let engine: Engine;

const sh = (container: string, ...lines: string[]) => shIn(engine, container, ...lines);
const diff = (from?: string, to?: string, of = name) => world.client.instances.diff(of, { from, to });

async function shIn(of: Engine, container: string, ...lines: string[]): Promise<void> {
  const { code, output } = await of.exec(container, "sh", "-c", `set -e\n${lines.join("\n")}\nsync`);
  if (code !== 0) throw new Error(output);
}

function told(files: FilesDiff | undefined): string[] {
  return (files?.changes ?? []).map(({ change, path }) => `${change} ${path}`);
}

function container(found: Diff, called: string): ContainerDiff | undefined {
  return found.containers.find((one) => one.name === called);
}

beforeAll(async () => {
  world = await World.start();
  ({ name, engine } = await bareInstance(world, "diff"));
  await engine.json("POST", "/volumes/create", { Name: "kept" });
  await engine.run({ name: "writer", restart: "always", volumes: ["data:/data", "kept:/kept"] });
  await engine.run({ name: "app", restart: "always", env: ["MODE=slow", "SAME=1"] });
  await engine.run({ name: "gone", restart: "always" });
  await sh(
    "writer",
    "mkdir -p /data/deep/er /opt",
    "echo one > /data/changed",
    "echo one > /data/sneaky",
    "touch -d '2020-01-01 00:00:00' /data/sneaky",
    "echo one > /data/removed",
    "echo one > /data/deep/er/same",
    "echo one > /kept/same",
    "echo one > /opt/mine",
  );
  await world.client.instances.snapshot(name, { label: "golden" });

  await sh(
    "writer",
    "echo longer > /data/changed",
    "echo two > /data/sneaky",
    "touch -d '2020-01-01 00:00:00' /data/sneaky",
    "rm /data/removed",
    "echo two > /data/deep/added",
    "touch /data/deep/er/same",
    "echo two > /opt/mine",
    "echo two > /opt/fresh",
    "rm /bin/ls",
  );
  await engine.json("POST", "/commit?container=app&repo=app&tag=2", {});
  await engine.remove("gone");
  await engine.remove("app");
  await engine.json("POST", "/networks/create", { Name: "back", Labels: { tier: "data" } });
  await engine.run({
    name: "app",
    restart: "always",
    image: "app:2",
    env: ["MODE=fast", "SAME=1"],
    publish: ["8080:80"],
    network: "back",
  });
  await engine.run({ name: "worker", restart: "always", volumes: ["fresh:/fresh"] });
  await sh("worker", "echo 12345 > /fresh/file", "echo 1 > /own");
});
afterAll(() => world?.end());

function assertDay(found: Diff): void {
  expect(found).toMatchObject({ from: { instance: name, label: "golden" }, problems: [], truncated: false });
  expect(found.containers.map((one) => `${one.change} ${one.name}`)).toEqual([
    "changed app",
    "removed gone",
    "added worker",
    "changed writer",
  ]);
  const app = container(found, "app");
  expect(app).toMatchObject({ recreated: true, image: "app:2", image_digest: expect.stringMatching(/^sha256:/) });
  expect(app?.settings).toEqual(
    expect.arrayContaining([
      { setting: "env", name: "MODE", from: "slow", to: "fast" },
      { setting: "port", name: "80/tcp", to: "8080" },
      { setting: "network", from: "bridge" },
      { setting: "network", to: "back" },
      expect.objectContaining({ setting: "image_digest", to: app?.image_digest }),
    ]),
  );
  expect(app?.settings.map(({ name: of }) => of)).not.toContain("SAME");
  expect(container(found, "writer")).toMatchObject({ settings: [] });
  expect(told(container(found, "writer")?.files)).toEqual(["removed /bin/ls", "added /opt/fresh", "changed /opt/mine"]);
  expect(container(found, "worker")?.files).toMatchObject({ to: { files: 1, bytes: 2 }, changes: [] });

  expect(found.images).toMatchObject([{ change: "added", tags: ["app:2"], digest: app?.image_digest }]);
  expect(found.volumes).toMatchObject([
    {
      name: "data",
      change: "changed",
      files: { from: { files: 4, bytes: 16 }, to: { files: 4, bytes: 19 }, added: 1, removed: 1, changed: 2 },
    },
    { name: "fresh", change: "added", files: { to: { files: 1, bytes: 6 } } },
  ]);
  expect(told(found.volumes[0]?.files)).toEqual([
    "changed changed",
    "added deep/added",
    "removed removed",
    "changed sneaky",
  ]);
  expect(found.networks).toMatchObject([{ name: "back", change: "added", driver: "bridge" }]);
}

/** The words of each of the files the busy writer counts in. */
function countersIn(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter((file) => file.startsWith("counter-"));
  return Object.fromEntries(names.map((file) => [file, readFileSync(join(folder, file), "utf8")]));
}

describe("what changed on an instance", () => {
  it("is told in Docker's words, from where it came from last to now", async () => {
    const found = await diff();
    assertDay(found);
    expect(found.to).toEqual({ instance: name, at: expect.any(String) });
  });

  it("is the same between two snapshots, and backwards what was taken back", async () => {
    await world.client.instances.snapshot(name, { label: "later" });
    await sh("writer", "echo three > /data/after");
    assertDay(await diff("golden", "later"));

    const back = await diff("later", "golden");
    expect(back.containers.map((one) => `${one.change} ${one.name}`)).toEqual([
      "changed app",
      "added gone",
      "removed worker",
      "changed writer",
    ]);
    expect(told(container(back, "writer")?.files)).toEqual([
      "added /bin/ls",
      "removed /opt/fresh",
      "changed /opt/mine",
    ]);
    expect(back.networks).toMatchObject([{ name: "back", change: "removed" }]);

    const since = await diff("later");
    expect(since).toMatchObject({ containers: [], images: [], networks: [] });
    expect(since.volumes.map((one) => [one.name, ...told(one.files)])).toEqual([["data", "added after"]]);
  });

  it("is told of an instance that is stopped, whose containers are", async () => {
    await world.client.instances.stop(name);
    try {
      const found = await diff("later");
      expect(found.volumes.map((one) => [one.name, ...told(one.files)])).toEqual([["data", "added after"]]);
      expect(found.containers.map((one) => one.name)).toEqual(["app", "worker", "writer"]);
      for (const { settings } of found.containers) {
        expect(settings).toEqual([
          { setting: "state", from: "running", to: expect.stringMatching(/^exited \(\d+\)$/) },
        ]);
      }
    } finally {
      await world.client.instances.start(name);
      engine = await Engine.of(world, name);
    }
  });

  it("of a clone is told from what it was cloned from", async () => {
    const clone = world.name("copy");
    await world.client.instances.clone(name, { label: "golden", new_name: clone });
    expect(await diff(undefined, undefined, clone)).toMatchObject({
      from: { instance: name, label: "golden" },
      to: { instance: clone },
      containers: [],
      images: [],
      volumes: [],
      networks: [],
    });
    const inside = await Engine.of(world, clone);
    await shIn(inside, "writer", "echo two > /kept/same");
    const found = await diff(undefined, undefined, clone);
    expect(found.volumes.map((one) => [one.name, ...told(one.files)])).toEqual([["kept", "changed same"]]);
    expect((await diff(`${name}@later`, "now", clone)).networks).toMatchObject([{ name: "back", change: "removed" }]);
    await world.client.instances.delete(clone);
  });

  it("is nothing after a revert", async () => {
    await world.client.instances.revert(name, { label: "golden" });
    engine = await Engine.of(world, name);
    expect(await diff()).toMatchObject({ from: { label: "golden" }, images: [], volumes: [], networks: [] });
    await world.client.instances.undo(name);
    engine = await Engine.of(world, name);
    assertDay({ ...(await diff("golden", "later")) });
  });
});

describe("dockersnap diff", () => {
  it("shows it to people", async () => {
    const { code, stdout, stderr } = await cli(world, "diff", `${name}@golden`, "later");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^${name}@golden \\(\\d+\\w ago\\) → ${name}@later `));
    for (const line of [
      "  ~ app  made again",
      "      env MODE: slow → fast",
      "      port 80/tcp: added 8080",
      "      - /bin/ls  symlink",
      "  ~ data  4 files, 16 B → 4 files, 19 B",
      "      ~ changed  4 B → 7 B",
      "  + fresh  1 file, 6 B",
      "  + back  bridge",
    ]) {
      expect(stdout.split("\n")).toContain(line);
    }
    expect(stdout).toMatch(/ {2}\+ app:2 {2}[0-9a-f]{12} {2}[\d.]+ MiB/);
  });

  it("is JSON and YAML for programs, and names to go on with", async () => {
    const asked = ["diff", name, "golden", "later"];
    const known = { ...(await diff("golden", "later")), looked_at: expect.any(Object) };
    expect(JSON.parse((await cli(world, ...asked, "-o", "json")).stdout)).toEqual(known);
    expect(parse((await cli(world, ...asked, "-o", "yaml")).stdout)).toEqual(known);
    expect((await cli(world, ...asked, "-o", "name")).stdout.split("\n")).toEqual(
      expect.arrayContaining(["container/app", "volume/data", "network/back"]),
    );
  });

  it("shows as many files as were asked for, and says that there are more", async () => {
    const { stdout, stderr } = await cli(world, "diff", name, "golden", "later", "--limit", "1");
    expect(stdout).toContain("… and 3 more");
    expect(stderr).toContain("--limit 10000");
  });

  it.each([
    ["an unknown label", () => [name, "goldne"], 3, /Did you mean 'golden'\?/],
    ["an unknown instance", () => [`${name}x`], 3, /Did you mean/],
    ["an unknown instance of a moment", () => [name, `${name}x@golden`], 3, /Did you mean/],
    ["no moment at all", () => [name, "a/b"], 2, /now, a snapshot's label, or <instance>@<label>/],
    ["too many words", () => [name, "golden", "later", "now"], 2, /too many/],
  ])("answers %s with what to do", async (_what, words, code, says) => {
    expect(await cli(world, "diff", ...words())).toMatchObject({ code, stderr: expect.stringMatching(says) });
  });

  it("asks for a snapshot where an instance came from none", async () => {
    const fresh = world.name("fresh");
    await world.client.instances.create({ name: fresh });
    expect(await cli(world, "diff", fresh)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining(`dockersnap snapshot ${fresh} <label>`),
    });
    expect(await cli(world, "diff", fresh, "now", "now")).toMatchObject({ code: 0 });
    await world.client.instances.delete(fresh);
  });
});

describe("whatever a workload does", () => {
  it("it is told and harms nothing: FIFOs, links out of the volume, odd names, a huge file", async () => {
    await world.client.instances.snapshot(name, { label: "tame" });
    await sh(
      "writer",
      "mkdir /data/odd; cd /data/odd",
      "mkfifo fifo; ln -s /etc out; ln -s ../../../../../../../../etc up; ln -s odd loop",
      "printf x > \"$(printf 'new\\nline')\"; printf x > \"$(printf '\\377\\376')\"; printf x > \"$(printf '\\033[31m')\"",
      "dd if=/dev/null of=huge bs=1048576 seek=1048576 2>/dev/null",
      "mkdir -p a/b/c/d/e/f; mknod whiteout c 0 0",
    );
    const found = await diff("tame");
    const [data] = found.volumes;
    expect(found.problems).toEqual([]);
    expect(data?.files?.changes.map(({ path, kind }) => `${kind} ${path}`)).toEqual(
      expect.arrayContaining([
        "fifo odd/fifo",
        "symlink odd/out",
        "symlink odd/up",
        "file odd/new\nline",
        "device odd/whiteout",
      ]),
    );
    expect(data?.files?.changes.find(({ path }) => path === "odd/huge")).toMatchObject({ bytes: 2 ** 40 });
    const { stdout } = await cli(world, "diff", name, "tame");
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toContain("+ odd/new line");
    await sh("writer", "rm -r /data/odd");
    expect((await diff("tame")).volumes).toEqual([]);
  });

  it("it sees what was written while the snapshot was taken", async () => {
    const writing = engine.exec(
      "writer",
      "sh",
      "-c",
      "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo $i > /data/counter-$((i%7)); done",
    );
    await world.client.instances.snapshot(name, { label: "busy" });
    await writing;
    const folder = (tree: string) => join(world.stateDir, "pool", tree, "volumes/data/_data");
    const [before, after] = [folder(`snapshots/${name}/busy`), folder(`instances/${name}`)].map(countersIn);
    const differing = Object.keys({ ...before, ...after }).filter((file) => before?.[file] !== after?.[file]);
    expect(Object.keys(after ?? {})).toHaveLength(7);

    const data = (await diff("busy")).volumes.find((volume) => volume.name === "data");
    expect((data?.files?.changes ?? []).map(({ path }) => path)).toEqual(differing.sort());
  });

  it("a diff keeps nobody from deleting what it compares, and says so", async () => {
    await world.client.instances.snapshot(name, { label: "fleeting" });
    const asked = Promise.allSettled(Array.from({ length: 6 }, () => diff("fleeting")));
    await world.client.instances.deleteSnapshot(name, "fleeting");
    for (const answer of await asked) {
      if (answer.status === "rejected") {
        expect(["wrong_state", "not_found"]).toContain((answer.reason as { code?: string }).code);
      }
    }
    expect((await world.client.instances.snapshots(name)).map(({ label }) => label)).not.toContain("fleeting");
  });
});
