import type { Verification } from "@dockersnap/contract";
import { DockersnapError } from "@dockersnap/contract/words";
import { beforeEach, describe, expect, it } from "vitest";
import type { MemoryPlugin } from "../../testing/workload/memory-plugins.ts";
import { container, World } from "../world.ts";

let world: World;
const clone = "web-verify-1";
const verify = async (more: { label?: string; timeoutMs?: number } = {}) =>
  (await world.did("verify", { name: "web", label: "golden", clone, ...more })) as Verification;
const recorded = (label = "golden") => world.records.snapshots.get("web", label)?.verified;

async function furnish(plugin?: string): Promise<void> {
  const workload = plugin === undefined ? {} : { workload_inline: { plugin } };
  await world.did("create", { name: "web", ...workload });
  world.write("web", "data", "golden");
  await world.did("snapshot", { name: "web", label: "golden" });
}

beforeEach(() => {
  world = new World();
});

it("boots what was kept, asks the plugin until it is well, and writes that down on the snapshot alone", async () => {
  const answers = [false, false, true];
  const seen: unknown[] = [];
  world.plugins.add("db", {
    post_clone: ({ instance_name }) => void seen.push(["post_clone", instance_name]),
    health: ({ instance_name, instance }) => {
      seen.push([instance_name, instance.clone_of, world.read(instance_name, "data")]);
      return { healthy: answers.shift() ?? true, checks: [{ name: "sql", ok: answers.length === 0 }] };
    },
    teardown: ({ instance_name }) => void seen.push(["teardown", instance_name]),
  });
  await furnish("db");
  world.write("web", "data", "newer");
  await world.did("snapshot", { name: "web", label: "later" });
  const before = await world.sight("web");

  const verdict = await verify();

  expect(verdict).toEqual({
    ok: true,
    checked_at: expect.any(String),
    ready_ms: expect.any(Number),
    checks: [{ name: "sql", ok: true }],
  });
  expect(recorded()).toEqual(verdict);
  expect(recorded("later")).toBeUndefined();
  const asked = [clone, "web@golden", "golden"];
  expect(seen).toEqual([["post_clone", clone], asked, asked, asked, ["teardown", clone]]);
  expect({ ...(await world.sight("web")), marks: [] }).toEqual({ ...before, marks: [] });
  expect(await world.sight(clone)).toEqual(await world.sight("never-there"));
  expect((await world.describe("web")).snapshots).toMatchObject([
    { label: "golden", verified: { ok: true, checked_at: verdict.checked_at } },
    { label: "later" },
  ]);
});

it("ends in a sentence about the verification, whatever the plugin says of the temporary clone", async () => {
  const says = (message: string): Required<MemoryPlugin>["teardown"] => {
    return (_input, report) => report({ step: "complete", status: "done", message });
  };
  world.plugins.add("db", {
    post_clone: says("the clone has its own address"),
    teardown: says("nothing to tear down"),
  });
  await furnish("db");
  const { id } = await world.run("verify", { name: "web", label: "golden", clone, timeoutMs: undefined });
  const message = "The verification of a snapshot of instance 'web' is finished.";
  expect((await world.told(id)).at(-1)).toEqual({ step: "complete", status: "done", message });
});

describe("a snapshot that does not come up", () => {
  it("for its plugin is written down with what that said last", async () => {
    world.plugins.add("db", {
      health: () => ({ healthy: false, checks: [{ name: "sql", ok: false, message: "the catalog is damaged" }] }),
    });
    await furnish("db");
    const verdict = await verify({ timeoutMs: 2_000 });
    expect(verdict).toMatchObject({
      ok: false,
      problem: "It did not become well within 2 s: sql: the catalog is damaged",
      checks: [{ name: "sql", ok: false }],
    });
    expect(verdict).not.toHaveProperty("ready_ms");
    expect(recorded()).toEqual(verdict);
    expect(world.records.instances.get(clone)).toBeUndefined();
  });

  it("for a probe that cannot run says so", async () => {
    world.plugins.add("db", {
      health: () => {
        throw new Error("no python here");
      },
    });
    await furnish("db");
    expect(await verify({ timeoutMs: 1_000 })).toMatchObject({ ok: false, checks: [{ name: "plugin", ok: false }] });
  });

  it("for its engine says why, and asks nothing more", async () => {
    let asked = 0;
    world.plugins.add("db", { health: () => ({ healthy: ++asked > 0 }) });
    await furnish("db");
    world.engines.failNext("start", new DockersnapError("not_ready", "The engine did not come up: no such layer."));
    expect(await verify()).toMatchObject({ ok: false, problem: "The engine did not come up: no such layer." });
    expect(asked).toBe(0);
    expect(await world.sight(clone)).toEqual(await world.sight("never-there"));
  });

  it("for its plugin's post_clone says why", async () => {
    world.plugins.add("db", {
      post_clone: () => {
        throw new Error("the cluster id is taken");
      },
    });
    await furnish("db");
    expect(await verify()).toMatchObject({ ok: false, problem: expect.stringContaining("the cluster id is taken") });
  });

  it("after one that did has the new word", async () => {
    await furnish();
    await verify();
    world.engines.failNext("start", new DockersnapError("not_ready", "No such layer."));
    await verify();
    expect(recorded()).toMatchObject({ ok: false });
    await verify();
    expect(recorded()).toMatchObject({ ok: true });
  });
});

describe("without a workload", () => {
  const ids = { web: "a".repeat(64), task: "b".repeat(64) };

  /** What the clone's engine finds, there as soon as it is up. */
  async function finding(...containers: ReturnType<typeof container>[]): Promise<Verification> {
    await furnish();
    world.engines.observe({
      changed: (name) => {
        if (name === clone && put-- > 0) world.engines.setContainers(name, containers);
      },
      gone: () => undefined,
    });
    let put = 1;
    return verify({ timeoutMs: 3_000 });
  }

  it("is well when every container that comes up by itself runs and goes on running", async () => {
    world.engines.setVitals(ids.task, { restartPolicy: "no" });
    const found = await finding(
      container({ id: ids.web, name: "web" }),
      container({ id: ids.task, name: "task", state: "exited" }),
    );
    expect(found).toMatchObject({ ok: true, checks: [{ name: "container web", ok: true }] });
    expect(found.ready_ms).toBeGreaterThanOrEqual(1_000);
  });

  it.each([
    [{ state: "restarting" }, "ends soon after each start"],
    [{ state: "exited" }, "is exited"],
    [
      { state: "created", restartPolicy: "unless-stopped", error: "no such device" },
      "could not be started: no such device",
    ],
    [{ health: "unhealthy" }, "its health check fails"],
    [{ health: "starting" }, "its health check has no verdict yet"],
  ] as const)("is not when one of them is %j", async (vitals, lacks) => {
    world.engines.setVitals(ids.web, vitals);
    expect(await finding(container({ id: ids.web, name: "web" }))).toMatchObject({
      ok: false,
      problem: `It did not become well within 3 s: container web: ${lacks}`,
    });
  });

  it("is not when its engine cannot tell what it holds", async () => {
    await furnish();
    const damaged = new DockersnapError("internal", "The engine could not describe container 'web': no such file.");
    for (let look = 0; look < 20; look += 1) world.engines.failNext("vitals", damaged);
    world.engines.observe({
      changed: (name) => {
        if (name === clone && put-- > 0) world.engines.setContainers(name, [container()]);
      },
      gone: () => undefined,
    });
    let put = 1;
    expect(await verify({ timeoutMs: 1_000 })).toMatchObject({
      ok: false,
      problem: `It did not become well within 1 s: engine: ${damaged.message}`,
    });
  });

  it("does not ask for what somebody had stopped", async () => {
    world.engines.setVitals(ids.web, { state: "exited", restartPolicy: "unless-stopped" });
    expect(await finding(container({ id: ids.web, name: "web" }))).toMatchObject({ ok: true });
  });

  it("is not when one is started anew again and again", async () => {
    let starts = 0;
    world.engines.setVitals(ids.web, {
      get startedAt() {
        starts += 1;
        return String(starts);
      },
    });
    expect(await finding(container({ id: ids.web, name: "web" }))).toMatchObject({
      ok: false,
      problem: expect.stringContaining("ended while it was watched, and was started again"),
    });
  });
});

it("lets work on the instance go on as soon as its clone has branched off, and finds the snapshot under its new label", async () => {
  world.plugins.add("db", {
    health: async () => {
      await world.did("change-snapshot", { name: "web", label: "golden", change: { new_label: "gilded" } });
      await world.did("snapshot", { name: "web", label: "golden" });
      return { healthy: true };
    },
  });
  await furnish("db");
  expect(await verify()).toMatchObject({ ok: true });
  expect(recorded("gilded")).toMatchObject({ ok: true });
  expect(recorded("golden")).toBeUndefined();
});

it("writes nothing on a snapshot that took the place of the one it tried", async () => {
  world.plugins.add("db", {
    health: async () => {
      await world.did("remove-snapshot", { name: "web", label: "golden" });
      await world.did("snapshot", { name: "web", label: "golden" });
      return { healthy: true };
    },
  });
  await furnish("db");
  expect(await verify()).toMatchObject({ ok: true });
  expect(recorded()).toBeUndefined();
});

it("keeps what it found when a change of the snapshot is taken back meanwhile", async () => {
  await furnish();
  const verifying = world.failing({ step: "record", moment: "acted" }, "change-snapshot", {
    name: "web",
    label: "golden",
    change: { tags: { a: "b" } },
  });
  world.records.snapshots.update("web", "golden", { verified: { ok: true, checked_at: "2026-01-01T00:00:00.000Z" } });
  expect((await verifying).status).toBe("failed");
  expect(recorded()).toMatchObject({ ok: true });
});

it("is refused where nobody could tell what it found", async () => {
  world.plugins.add("db");
  await furnish("db");
  await expect(world.run("verify", { name: "web", label: "golde", clone })).rejects.toMatchObject({
    code: "not_found",
    details: { nearest: "golden" },
  });
  world.plugins.uninstall("db");
  await world.plugins.reload();
  await expect(world.run("verify", { name: "web", label: "golden", clone })).rejects.toMatchObject({
    code: "not_found",
  });
});

it("leaves nothing of a clone that cannot be taken away but a record that says so, until the next start", async () => {
  await furnish();
  for (let attempt = 0; attempt < 3; attempt += 1) world.storage.failNext("remove");
  const { status, error } = await world.run("verify", { name: "web", label: "golden", clone });
  expect([status, error?.code]).toEqual(["failed", "internal"]);
  expect(recorded()).toMatchObject({ ok: true });
  expect(world.records.instances.get(clone)).toMatchObject({ purpose: "verify", phase: "creating" });
  expect(world.records.instances.get(clone)?.problem).toContain("could not be completed");
  await world.restart();
  expect(await world.sight(clone)).toEqual(await world.sight("never-there"));
});
