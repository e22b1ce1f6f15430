import { DockersnapError } from "@dockersnap/contract";
import { beforeEach, describe, expect, it } from "vitest";
import { container, storedContainer, storedVolume, World } from "../world.ts";

let world: World;

beforeEach(async () => {
  world = new World();
  world.plugins.add("echo", {});
  await world.plugins.reload();
});

/** Give `web` a container and volumes with files outside of the dataset, and some inside. */
function outside(): void {
  const mounts = [
    { type: "bind", source: "/home/me", destination: "/src", readOnly: false },
    { type: "bind", source: `${world.storage.path("web")}/x`, destination: "/inside", readOnly: false },
    { type: "bind", source: world.engines.socketPath("web"), destination: "/var/run/docker.sock", readOnly: false },
    { type: "tmpfs", source: "", destination: "/scratch", readOnly: false },
  ];
  world.stored.putContainer("web", storedContainer({ name: "db", mounts }));
  for (const [name, options, driver] of [
    ["inside", {}, "local"],
    ["cache", { type: "tmpfs", device: "tmpfs" }, "local"],
    ["far", { type: "nfs", o: "addr=10.0.0.1,rw", device: ":/export" }, "local"],
    ["host", { type: "none", o: "bind", device: "/srv/data" }, "local"],
    ["plugged", {}, "rexray"],
  ] as const) {
    world.stored.putVolume("web", storedVolume({ name, options, driver }));
  }
}

describe("create", () => {
  it("makes a running instance with all that belongs to it", async () => {
    expect(await world.did("create", { name: "web" })).toMatchObject({
      name: "web",
      status: "running",
      subnet: "10.10.0.0/16",
      metallb_ip: "10.10.10.10",
      snapshots: [],
      health: "none",
    });
    expect(await world.sight("web")).toMatchObject({ engine: "running", network: true, dataset: { present: true } });
  });

  it("leaves data of that name alone that belongs to no instance", async () => {
    await world.storage.create("web");
    await world.storage.snapshot("web", "golden");
    await world.did("create", { name: "source" });
    await world.did("snapshot", { name: "source", label: "s1" });
    const isTaken = { code: "already_exists", message: expect.stringContaining("Data of a former instance") };
    await expect(world.run("create", { name: "web" })).rejects.toMatchObject(isTaken);
    await expect(world.run("clone", { source: "source", label: "s1", name: "web" })).rejects.toMatchObject(isTaken);
    expect(await world.storage.list()).toContainEqual({ id: "web", present: true, snapshots: ["golden"] });
  });

  it("gives each instance the lowest free subnet", async () => {
    for (const name of ["a", "b", "c"]) await world.did("create", { name });
    await world.did("delete", { name: "b" });
    await world.did("create", { name: "d" });
    expect((await world.describe("d")).subnet).toBe("10.11.0.0/16");
  });

  it("passes options to the engine, and refuses those that no engine can have before anything is made", async () => {
    const engine = { "live-restore": false, "registry-mirrors": ["http://192.0.2.1"] };
    await world.did("create", { name: "a", engine });
    expect((await world.describe("a")).engine).toEqual(engine);
    await world.did("snapshot", { name: "a", label: "s" });
    await world.did("clone", { source: "a", label: "s", name: "b" });
    expect((await world.describe("b")).engine).toEqual(engine);
    for (const name of ["a", "b"]) expect(world.engines.spec(name)?.options).toEqual(engine);
    await expect(world.run("create", { name: "c", engine: { "data-root": "/" } })).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining("'data-root'"),
    });
    expect(world.records.instances.get("c")).toBeUndefined();
  });

  it("asks the plugin first and makes nothing when it refuses", async () => {
    world.plugins.add("picky", { validate: () => ({ valid: false, errors: ["the moon is wrong"] }) });
    const operation = await world.run("create", { name: "web", workload_inline: { plugin: "picky" } });
    expect(operation.error).toMatchObject({
      code: "plugin_refused",
      error: expect.stringContaining("the moon is wrong"),
    });
    expect(operation.steps.map(({ name }) => name)).toEqual(["validate"]);
  });

  it("ends in the plugin's own words, or in a sentence where it has none", async () => {
    const closing = async (plugin: string, name: string) => {
      const operation = await world.run("create", { name, workload_inline: { plugin } });
      const events = await world.told(operation.id);
      return [events.at(-1), events.filter(({ step }) => step === "complete").length];
    };
    world.plugins.add("talks", {
      deploy: (_input, report) => report({ step: "complete", status: "done", message: "shop is at :8080" }),
    });
    world.plugins.add("silent", { deploy: (_input, report) => report({ step: "complete", status: "done" }) });
    expect(await closing("talks", "a")).toEqual([{ step: "complete", status: "done", message: "shop is at :8080" }, 1]);
    expect(await closing("silent", "b")).toEqual([
      { step: "complete", status: "done", message: "Instance 'b' is running." },
      1,
    ]);
  });

  it("tears down what a failed deploy left, and takes the rest away", async () => {
    world.plugins.add("broken", {
      deploy: () => {
        throw new Error("no luck");
      },
      teardown: () => undefined,
    });
    const operation = await world.run("create", { name: "web", workload_inline: { plugin: "broken" } });
    expect(operation).toMatchObject({ status: "failed", error: { code: "plugin_failed" } });
    expect(world.plugins.calls.map(({ command }) => command)).toEqual(["validate", "deploy", "teardown"]);
    expect(await world.sight("web")).toMatchObject({
      record: undefined,
      dataset: undefined,
      network: false,
      engine: "stopped",
    });
  });

  it("deploys with a process that waited while the engine came up, where the plugin lets it wait", async () => {
    world.plugins.add("patient", { readsInputFirst: true });
    await world.did("create", { name: "web", workload_inline: { plugin: "patient" } });
    expect(world.plugins.calls).toMatchObject([{ command: "validate" }, { command: "deploy", ahead: true }]);
    expect(world.plugins.waiting.size).toBe(0);
  });

  it.each([
    ["validate", "acted"],
    ["reserve", "begin"],
    ["engine", "begin"],
    ["engine", "journalled"],
    ["deploy", "begin"],
  ] as const)("ends the process that waits to deploy where it fails at '%s', %s", async (step, moment) => {
    world.plugins.add("patient", { readsInputFirst: true });
    await world.failing({ step, moment }, "create", { name: "web", workload_inline: { plugin: "patient" } });
    expect(world.plugins.waiting.size).toBe(0);
    expect(world.plugins.calls.map(({ command }) => command)).not.toContain("deploy");
  });

  it("is refused for a name that is taken, an unknown plugin and a full pool, before anything is begun", async () => {
    await world.did("create", { name: "web" });
    await expect(world.run("create", { name: "web" })).rejects.toMatchObject({ code: "already_exists" });
    await expect(world.run("create", { name: "b", workload_inline: { plugin: "ehco" } })).rejects.toMatchObject({
      code: "not_found",
      message: expect.stringContaining("'echo'"),
    });
    world.storage.total = 0;
    await expect(world.run("create", { name: "c" })).rejects.toMatchObject({ code: "no_space" });
    expect(world.records.instances.all().map(({ name }) => name)).toEqual(["web"]);
  });

  it("is refused where metadata or the disk with the records is full, each with its own advice", async () => {
    await world.did("create", { name: "web" });
    world.storage.metadataFree = 2 ** 20;
    await expect(world.run("create", { name: "b" })).rejects.toMatchObject({
      code: "no_space",
      message: expect.stringMatching(/left for metadata.*pool grow/),
      details: { what: "metadata", free: 2 ** 20 },
    });
    world.storage.metadataFree = 2 ** 30;
    world.records.diskFree = 2 ** 20;
    await expect(world.run("create", { name: "b" })).rejects.toMatchObject({
      code: "no_space",
      message: expect.stringMatching(/disk mounted at \/memory, which holds the records.*Free space on that disk/),
      details: { what: "records", mountpoint: "/memory" },
    });
    expect(world.records.instances.all().map(({ name }) => name)).toEqual(["web"]);
    await world.did("stop", { name: "web" });
    await world.did("delete", { name: "web" });
  });

  it("of a stopped instance is refused only where its engine does not come up on a full pool, and says what is full", async () => {
    await world.did("create", { name: "web" });
    await world.did("stop", { name: "web" });
    world.storage.metadataFree = 3.7 * 2 ** 20;
    const ended = new DockersnapError("not_ready", "dockerd of 'web' ended: no space left on device.");
    world.engines.failNext("start", ended);
    expect((await world.run("start", { name: "web" })).error).toMatchObject({
      code: "no_space",
      error: expect.stringMatching(
        /^The pool has 3\.7 MiB of .* left for metadata .*, too little to start 'web'.*pool grow.*dockerd of 'web' ended/,
      ),
      details: { what: "metadata" },
    });
    await world.did("start", { name: "web" });
    await world.did("stop", { name: "web" });
    world.storage.metadataFree = 2 ** 30;
    world.engines.failNext("start", ended);
    expect((await world.run("start", { name: "web" })).error).toMatchObject({ code: "not_ready" });
  });

  it.each([
    [
      "read-only",
      "isReadOnly",
      { code: "read_only", message: expect.stringMatching(/^The pool is read-only, so .*Make it writable/) },
    ],
    [
      "not mounted",
      "isHidden",
      { code: "unmounted", message: expect.stringMatching(/^The pool is not mounted.*Mount it again/) },
    ],
  ] as const)(
    "is refused in a pool that is %s, as is every verb but a stop, before anything is done",
    async (_, fault, refused) => {
      await world.did("create", { name: "web" });
      await world.did("snapshot", { name: "web", label: "s1" });
      await world.did("stop", { name: "web" });
      await world.did("start", { name: "web" });
      const before = await world.sight("web");
      world.storage[fault] = true;
      for (const [kind, input] of [
        ["create", { name: "two" }],
        ["clone", { name: "two", source: "web", label: "s1" }],
        ["snapshot", { name: "web", label: "s2" }],
        ["revert", { name: "web", label: "s1" }],
        ["restart", { name: "web" }],
        ["start", { name: "web" }],
        ["delete", { name: "web" }],
        ["remove-snapshot", { name: "web", label: "s1" }],
        ["change-snapshot", { name: "web", label: "s1", change: { new_label: "s2" } }],
        ["change-instance", { name: "web", change: { limits: { disk: 2 ** 30 } } }],
      ] as const) {
        await expect(world.run(kind, input), kind).rejects.toMatchObject(refused);
      }
      world.storage[fault] = false;
      expect(await world.sight("web")).toEqual(before);
      world.storage[fault] = true;
      await world.did("stop", { name: "web" });
      world.storage[fault] = false;
      await world.did("start", { name: "web" });
      await world.did("delete", { name: "web" });
    },
  );

  it("stays listed, saying why, while something of it could not be taken away, and goes with the next start", async () => {
    world.network.failNext("remove");
    world.network.failNext("remove");
    const operation = await world.failing({ step: "engine", moment: "begin" }, "create", { name: "web" });
    expect(operation.status).toBe("failed");
    expect(await world.describe("web")).toMatchObject({ status: "error", error: expect.stringContaining("network") });
    await world.restart();
    expect(await world.sight("web")).toMatchObject({ record: undefined, network: false });
  });
});

describe("a snapshot", () => {
  beforeEach(() => world.did("create", { name: "web" }));

  it("is what the history goes on from", async () => {
    await world.did("snapshot", { name: "web", label: "one" });
    await world.did("snapshot", { name: "web", label: "two" });
    expect(world.records.snapshots.get("web", "two")?.parent).toBe("one");
    expect((await world.describe("web")).parent).toBe("two");
  });

  it("names what it cannot hold", async () => {
    outside();
    const not_captured = [
      "volume 'cache', which is a tmpfs",
      "volume 'far', which is nfs :/export",
      "volume 'host', which is the host's /srv/data",
      "volume 'plugged', which is kept by the volume driver rexray",
      "bind mount /home/me at /src of container 'db'",
      "tmpfs at /scratch of container 'db'",
    ];
    expect(await world.did("snapshot", { name: "web", label: "one" })).toMatchObject({ not_captured });
    await world.did("stop", { name: "web" });
    expect(await world.did("snapshot", { name: "web", label: "two" })).toMatchObject({ not_captured });
    // What lies in the source's dataset is not the clone's.
    expect(await world.did("clone", { source: "web", label: "one", name: "copy" })).toMatchObject({
      not_captured: not_captured.toSpliced(5, 0, "bind mount /memory/instances/web/x at /inside of container 'db'"),
    });
    const mounts = (await world.engines.api("copy").containers()).flatMap((one) =>
      one.mounts.map(({ source }) => source),
    );
    expect(mounts).toContain(world.engines.socketPath("copy"));
    expect(mounts).not.toContain(world.engines.socketPath("web"));
  });

  it("is kept, and warns, when the engine hangs", async () => {
    outside();
    world.engines.failNext("containers", new DockersnapError("not_ready", "It hangs."));
    expect(await world.did("snapshot", { name: "web", label: "one" })).toMatchObject({
      warnings: [expect.stringContaining("Docker engine of 'web' does not answer")],
      not_captured: expect.arrayContaining(["tmpfs at /scratch of container 'db'"]),
    });
    expect(await world.did("snapshot", { name: "web", label: "two" })).not.toHaveProperty("warnings");
  });

  it("that stops the containers has each in the state it was in afterwards, also where it fails", async () => {
    const states = { run: "running", still: "paused", off: "exited", done: "exited", fresh: "created" };
    const before = Object.entries(states).map(([name, state]) => container({ id: name.padEnd(64, "0"), name, state }));
    for (const { id, name } of before) world.engines.setVitals(id, { restartPolicy: name === "off" ? "always" : "no" });
    for (const { id, name, state } of before) {
      world.stored.putContainer("web", storedContainer({ id, name, state: state as "running" }));
    }
    world.engines.setContainers("web", before);
    const now = async () =>
      new Map((await world.engines.api("web").containers()).map(({ name, state }) => [name, state]));
    await world.did("snapshot", { name: "web", label: "one", mode: "stopped" });
    expect(await now()).toEqual(new Map(Object.entries(states)));
    expect(await world.engines.api("web").vitals("off".padEnd(64, "0"))).toMatchObject({ restartPolicy: "always" });
    expect(world.stored.withheld.size).toBe(0);
    for (const [kind, step] of [
      ["snapshot", "record"],
      ["stop", "commit"],
      ["revert", "commit"],
    ] as const) {
      const input = { name: "web", ...(kind === "stop" ? {} : { label: kind === "revert" ? "one" : "two" }) };
      const failed = await world.failing({ step, moment: "acted" }, kind, { ...input, mode: "stopped" });
      expect(failed.status).toBe("failed");
      expect([kind, await now()]).toEqual([kind, new Map(Object.entries(states))]);
    }
  });

  it("never writes over a label, known to the records or found on the disk alone", async () => {
    await world.did("snapshot", { name: "web", label: "one" });
    await world.storage.snapshot("web", "stray");
    await expect(world.run("snapshot", { name: "web", label: "one" })).rejects.toMatchObject({
      code: "already_exists",
    });
    await expect(world.run("snapshot", { name: "web", label: "stray" })).rejects.toMatchObject({
      code: "already_exists",
    });
  });

  it("releases what the plugin quiesced, also when it could not be taken", async () => {
    const did: string[] = [];
    world.plugins.add("db", {
      pre_snapshot: () => void did.push("pre"),
      post_snapshot: () => void did.push("post"),
    });
    await world.did("create", { name: "db", workload_inline: { plugin: "db" } });
    await world.did("snapshot", { name: "db", label: "one" });
    world.storage.failNext("snapshot");
    expect((await world.run("snapshot", { name: "db", label: "two" })).status).toBe("failed");
    expect(did).toEqual(["pre", "post", "pre", "post"]);
  });

  it("says so when the plugin that quiesced can no longer be called", async () => {
    world.plugins.add("db", {
      pre_snapshot: () => void world.plugins.add("db", { disabled: "it is being replaced." }),
    });
    await world.did("create", { name: "db", workload_inline: { plugin: "db" } });
    const { id, status } = await world.run("snapshot", { name: "db", label: "one" });
    expect(status).toBe("done");
    expect(await world.told(id)).toContainEqual({
      step: "post_snapshot",
      status: "running",
      message: "going on without it: Plugin 'db' is disabled: it is being replaced.",
    });
  });

  it("is not taken when the plugin cannot quiesce", async () => {
    world.plugins.add("db", {
      pre_snapshot: () => {
        throw new Error("a transaction is open");
      },
    });
    await world.did("create", { name: "db", workload_inline: { plugin: "db" } });
    expect(await world.run("snapshot", { name: "db", label: "one" })).toMatchObject({ status: "failed" });
    expect((await world.sight("db")).dataset?.snapshots).toEqual([]);
  });

  it("thaws the containers when a paused one fails", async () => {
    world.storage.failNext("snapshot");
    expect((await world.run("snapshot", { name: "web", label: "one", mode: "paused" })).status).toBe("failed");
    expect(world.engines.isFrozen("web")).toBe(false);
  });

  it("holds the containers still while it keeps nested trees, and tells for how long", async () => {
    expect(await world.did("snapshot", { name: "web", label: "plain" })).not.toHaveProperty("freeze_ms");
    world.storage.nest("web", "sub", "writable");
    expect(await world.did("snapshot", { name: "web", label: "one" })).toMatchObject({ freeze_ms: expect.any(Number) });
    expect(world.engines.isFrozen("web")).toBe(false);
  });

  it("lets the containers go on when the daemon died while they were held for nested trees", async () => {
    world.storage.nest("web", "sub", "writable");
    await world.engines.freeze("web");
    await world.dying({ step: "take", moment: "begin" }, "snapshot", { name: "web", label: "one" });
    expect(world.engines.isFrozen("web")).toBe(false);
  });

  it("that is protected is not removed", async () => {
    await world.did("snapshot", { name: "web", label: "one" });
    world.records.snapshots.update("web", "one", { protected: true });
    await expect(world.run("remove-snapshot", { name: "web", label: "one" })).rejects.toMatchObject({
      code: "protected",
    });
  });

  it("in the middle leaves its child to its parent when it is removed", async () => {
    for (const label of ["one", "two", "three"]) await world.did("snapshot", { name: "web", label });
    await world.did("remove-snapshot", { name: "web", label: "two" });
    expect(world.records.snapshots.get("web", "three")?.parent).toBe("one");
    expect((await world.sight("web")).dataset?.snapshots).toEqual(["one", "three"]);
  });
});

describe("a revert", () => {
  beforeEach(async () => {
    await world.did("create", { name: "web" });
    world.write("web", "data", "old");
    await world.did("snapshot", { name: "web", label: "old" });
    world.write("web", "data", "new");
    await world.did("snapshot", { name: "web", label: "new" });
    world.write("web", "data", "newest, never kept");
  });

  it("keeps every other snapshot and the present", async () => {
    await world.did("revert", { name: "web", label: "old" });
    expect(world.read("web", "data")).toBe("old");
    const labels = world.records.snapshots.of("web").map(({ label }) => label);
    expect(labels.slice(0, 2)).toEqual(["old", "new"]);
    const kept = labels[2] ?? "";
    expect(world.records.snapshots.get("web", kept)).toMatchObject({
      tags: { "dockersnap.auto": "revert" },
      parent: "new",
      expiresAt: expect.any(String),
    });

    await world.did("revert", { name: "web", label: kept });
    expect(world.read("web", "data")).toBe("newest, never kept");
    await world.did("revert", { name: "web", label: "new" });
    expect(world.read("web", "data")).toBe("new");
  });

  it("offers the nearest label for one that is not there", async () => {
    await expect(world.run("revert", { name: "web", label: "odl" })).rejects.toMatchObject({
      code: "not_found",
      details: { nearest: "old" },
    });
  });

  it("lists no copy of the present that is gone again, when something else could not be taken back", async () => {
    world.network.failNext("setForwards");
    world.network.failNext("setForwards");
    world.network.failNext("setForwards");
    world.network.failNext("setForwards");
    world.network.failNext("setForwards");
    expect((await world.run("revert", { name: "web", label: "old" })).status).toBe("failed");
    const { snapshotRecords, dataset } = await world.sight("web");
    expect([...snapshotRecords].sort()).toEqual(dataset?.snapshots);
  });

  it("keeps the copy of the present when putting it back fails too", async () => {
    world.storage.failNext("revert");
    world.storage.failNext("revert");
    world.storage.failNext("revert");
    const operation = await world.run("revert", { name: "web", label: "old" });
    expect(operation.status).toBe("failed");
    const { error, snapshots } = await world.describe("web");
    const kept = snapshots.at(-1)?.label ?? "";
    expect(error).toContain(`'web@${kept}'`);
    await world.did("revert", { name: "web", label: kept });
    expect(world.read("web", "data")).toBe("newest, never kept");
  });
});

describe("a clone", () => {
  beforeEach(async () => {
    await world.did("create", { name: "web" });
    world.write("web", "data", "golden");
    await world.did("snapshot", { name: "web", label: "golden" });
  });

  it("begins as its source was, on a subnet of its own, and shares nothing after", async () => {
    expect(await world.did("clone", { source: "web", label: "golden", name: "bench" })).toMatchObject({
      clone_of: "web@golden",
      subnet: "10.11.0.0/16",
      status: "running",
    });
    world.write("bench", "data", "changed");
    expect(world.read("web", "data")).toBe("golden");
  });

  it("stays whole when its source is deleted", async () => {
    await world.did("clone", { source: "web", label: "golden", name: "bench" });
    await world.did("delete", { name: "web" });
    expect(world.read("bench", "data")).toBe("golden");
  });

  it("gets another host port where its source has the wanted one", async () => {
    const published = container({ ports: [{ ip: "0.0.0.0", publicPort: 8080, privatePort: 80, protocol: "tcp" }] });
    world.engines.setContainers("web", [published]);
    await world.did("restart", { name: "web" });
    await world.did("clone", { source: "web", label: "golden", name: "bench" });
    world.engines.setContainers("bench", [published]);
    await world.did("restart", { name: "bench" });
    expect(world.ports("web")).toMatchObject([{ host_port: 8080 }]);
    expect(world.ports("bench")).toMatchObject([
      { host_port: 20_000, requested_host_port: 8080, container_port: 8080 },
    ]);
  });
});

describe("host ports", () => {
  it("stay the same over stop, start and a new daemon", async () => {
    await world.did("create", { name: "web" });
    const ports = [{ ip: "127.0.0.1", publicPort: 8080, privatePort: 80, protocol: "tcp" as const }];
    const listener = world.network.listen(8080, "tcp");
    world.engines.setContainers("web", [container({ ports })]);
    await world.did("restart", { name: "web" });
    listener();
    await world.did("stop", { name: "web" });
    expect(world.ports("web")).toEqual([]);
    await world.restart();
    await world.did("start", { name: "web" });
    expect(world.ports("web")).toMatchObject([{ host_port: 20_000 }]);
    expect(world.network.forwards("web")).toEqual([
      { hostPort: 20_000, protocol: "tcp", targetPort: 8080, loopback: true },
    ]);
  });
});

describe("a new daemon", () => {
  it("takes up what runs, starts what should run, and leaves down what was stopped", async () => {
    for (const name of ["up", "crashed", "down"]) await world.did("create", { name });
    await world.did("stop", { name: "down" });
    world.engines.crash("crashed");
    await world.restart();
    expect(await world.describe("up")).toMatchObject({ status: "running" });
    expect(await world.describe("crashed")).toMatchObject({ status: "running" });
    expect(await world.describe("down")).toMatchObject({ status: "stopped" });
  });
});
