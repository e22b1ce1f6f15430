import { rmSync } from "node:fs";
import { join } from "node:path";
import type { DaemonEvent, Verification } from "@dockersnap/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { leftovers } from "../support/audit.ts";
import { cli } from "../support/cli.ts";
import { Engine } from "../support/engine.ts";
import { eventOf } from "../support/events.ts";
import { bareInstance } from "../support/instance.ts";
import { World } from "../support/world.ts";
import { ToldPlugin } from "./plugins/told-plugin.ts";

let world: World;
let demo: string;

beforeAll(async () => {
  world = await World.start();
  demo = world.name("demo");
  const workload_inline = { plugin: "echo", config: { text: "hi" } };
  await world.client.instances.create({ name: demo, workload_inline });
  await world.client.instances.snapshot(demo, { label: "golden" });
});
afterAll(() => world?.end());

const act = () => world.client.instances;
const verdictOn = async (name: string, label: string) =>
  (await act().snapshots(name)).find((snapshot) => snapshot.label === label)?.verified;
const everything = async () => (await act().list({ all: true })).map(({ name }) => name).sort();
const verified = (label: string) => (event: DaemonEvent) =>
  event.type === "snapshot.verified" && event.data?.label === label;

/** Nothing of a clone is left: no record, and nothing on the machine. */
async function expectNoClone(): Promise<void> {
  expect((await everything()).filter((name) => name.includes("-verify-"))).toEqual([]);
  expect(leftovers(world.id).filter((line) => line.includes("-verify-"))).toEqual([]);
}

it("proves that a snapshot can be restored, and touches nothing of its instance", async () => {
  const engine = await Engine.of(world, demo);
  const before = await engine.state("echo");
  const ports = await act().ports(demo);

  const { code, stdout } = await cli(world, "verify", `${demo}@golden`);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^\S+@golden is restorable: ready in \d+(\.\d)? m?s\.\n$/),
  });

  expect(await verdictOn(demo, "golden")).toMatchObject({ ok: true, ready_ms: expect.any(Number) });
  expect((await cli(world, "snapshots", demo)).stdout).toMatch(/golden.* ok \d+s ago/);
  for (const verb of ["history", "status"]) {
    expect((await cli(world, verb, demo)).stdout).toMatch(/golden.*restorable, ready in .*, checked \d+s ago/);
  }
  expect(await engine.state("echo")).toEqual(before);
  expect(await act().ports(demo)).toEqual(ports);
  expect((await act().history(demo)).clones).toEqual([]);
  await expectNoClone();

  await world.restartDaemon();
  expect(await verdictOn(demo, "golden")).toMatchObject({ ok: true });
});

it("does not believe a plugin that calls healthy what ends every second", async () => {
  const engine = await Engine.of(world, demo);
  await engine.run({ name: "flapping", command: ["sleep", "1"], restart: "always" });
  await act().snapshot(demo, { label: "flapping" });
  await engine.remove("flapping");
  const found = await act().verifySnapshot(demo, "flapping", { timeout_ms: 5_000 });
  expect(found).toMatchObject({ ok: false, problem: expect.stringContaining("container flapping: ") });
  await expectNoClone();
});

it("says what fails of one that cannot be restored, as an event and a figure too", async () => {
  await (await Engine.of(world, demo)).remove("echo");
  await act().snapshot(demo, { label: "broken" });
  let said = { code: 0 as number | null, stdout: "" };
  const event = await eventOf(world, verified("broken"), async () => {
    said = await cli(world, "verify", demo, "broken", "--timeout", "2");
  });
  expect(said).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/broken is NOT restorable\. It did not become well within 2 s: .*not responding/),
  });
  expect(event.data).toMatchObject({ ok: false, problem: expect.stringContaining("not responding") });
  expect(await verdictOn(demo, "broken")).toMatchObject({ ok: false });
  const metrics = await (await fetch(`${world.url}/metrics`)).text();
  expect(metrics).toContain('dockersnap_verifications_total{result="failed"} 2');
  expect(metrics).toMatch(/dockersnap_operations_total\{kind="verify",status="done"\} \d/);
  await expectNoClone();
});

it("answers in each of the three ways to wait", async () => {
  const path = `${world.url}/api/v1/instances/${demo}/snapshots/golden/verify`;
  const ask = (headers: Record<string, string>) =>
    fetch(path, { method: "POST", body: "{}", headers: { "content-type": "application/json", ...headers } });
  const whole = await ask({});
  expect([whole.status, ((await whole.json()) as Verification).ok]).toEqual([200, true]);
  const streamed = await ask({ accept: "application/x-ndjson" });
  const last = (await streamed.text()).trim().split("\n").at(-1) ?? "";
  const message = `The verification of a snapshot of instance '${demo}' is finished.`;
  expect(JSON.parse(last)).toEqual({ step: "complete", status: "done", message });
  const later = await ask({ prefer: "respond-async" });
  const { id } = (await later.json()) as { id: string };
  expect(later.status).toBe(202);
  expect(await world.client.operations.events(id)).toMatchObject({ kind: "verify", result: { ok: true } });
});

it("is done by the clock, of the newest, and the list of schedules says what came of it", async () => {
  const tick = ["--cron", "* * * * * *", "--verify", "--timeout", "1"];
  await eventOf(world, verified("broken"), () => cli(world, "schedule", "add", demo, "--name", "proof", ...tick));
  const noted = () => act().schedules(demo);
  await expect
    .poll(async () => (await noted())[0]?.last_error, { timeout: 30_000 })
    .toMatch(/^Snapshot 'broken' cannot be restored: .*not responding/);
  const { stdout } = await cli(world, "schedule", "list", demo);
  expect(stdout).toMatch(/proof .* verify .*Snapshot 'broken' cannot be restored/);
  await act().removeSchedule(demo, "proof");
  for (const { id, status } of await world.client.operations.list()) {
    if (status === "running") await world.client.operations.events(id);
  }
  await expectNoClone();
});

describe("an instance without a workload", () => {
  it("has every container that comes up by itself looked at, and their health checks", async () => {
    const { name, engine } = await bareInstance(world, "bare");
    await engine.run({ name: "lasting", restart: "always" });
    await engine.run({ name: "task" });
    await act().snapshot(name, { label: "well" });
    const found = await act().verifySnapshot(name, "well");
    expect(found).toMatchObject({ ok: true, checks: [{ name: "container lasting", ok: true }] });

    await engine.run({ name: "failing", command: ["false"], restart: "always" });
    await act().snapshot(name, { label: "looping" });
    const looping = await act().verifySnapshot(name, "looping", { timeout_ms: 4_000 });
    expect(looping).toMatchObject({ ok: false, problem: expect.stringContaining("container failing: ") });
    await act().delete(name);
  });

  it("is not restorable with a service that ends every second, though it runs whenever somebody looks", async () => {
    const { name, engine } = await bareInstance(world, "flapping");
    await engine.run({ name: "flapping", command: ["sleep", "1"], restart: "always" });
    await act().snapshot(name, { label: "flapping" });
    const found = await act().verifySnapshot(name, "flapping", { timeout_ms: 5_000 });
    expect(found).toMatchObject({ ok: false, problem: expect.stringContaining("container flapping: ") });
    await act().delete(name);
  });

  it("does not come up from a damaged dataset, and that is what is said", async () => {
    const { name, engine } = await bareInstance(world, "hurt");
    await engine.run({ name: "lasting", restart: "always" });
    await act().stop(name);
    rmSync(join(world.stateDir, "pool/instances", name, "overlay2"), { recursive: true });
    await act().snapshot(name, { label: "damaged" });
    const found = await act().verifySnapshot(name, "damaged", { timeout_ms: 3_000 });
    expect(found).toMatchObject({ ok: false, problem: expect.any(String) });
    await expectNoClone();
    await act().delete(name);
  });
});

describe("under way", () => {
  let told: ToldPlugin;
  let slow: string;

  beforeAll(async () => {
    told = new ToldPlugin(world, "told");
    await world.client.plugins.reload();
    slow = world.name("slow");
    await act().create({ name: slow, workload_inline: { plugin: "told" } });
    await (await Engine.of(world, slow)).run({ name: "lasting", restart: "always" });
    await act().snapshot(slow, { label: "golden" });
    told.behave("health", `echo '{"healthy":false,"message":"still counting"}'`);
  });

  /** Begin to verify, and resolve once the clone is up and asked how it is. */
  async function asking(): Promise<string> {
    const path = `${world.url}/api/v1/instances/${slow}/snapshots/golden/verify`;
    let id = "";
    await eventOf(
      world,
      ({ type, operation, data }) => type === "operation.step" && operation !== undefined && data?.step === "health",
      async () => {
        const answer = await fetch(path, {
          method: "POST",
          body: "{}",
          headers: { "content-type": "application/json", prefer: "respond-async" },
        });
        ({ id } = (await answer.json()) as { id: string });
      },
    );
    return id;
  }

  it("is shown with what the daemon made, and work on the instance goes on beside it", async () => {
    const id = await asking();
    const clone = (await act().list({ all: true })).find(({ purpose }) => purpose === "verify");
    expect(clone).toMatchObject({ clone_of: `${slow}@golden`, status: "running" });
    expect((await act().list()).map(({ name }) => name)).not.toContain(clone?.name);
    expect((await cli(world, "list", "--all")).stdout).toContain(clone?.name);
    await act().snapshot(slow, { label: "beside" });
    const refused = await cli(world, "delete", clone?.name ?? "", "--yes");
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining("(verify) is running") });

    expect(await cli(world, "operations", "cancel", id)).toMatchObject({ code: 0 });
    expect(await world.client.operations.events(id)).toMatchObject({ status: "cancelled" });
    expect(await verdictOn(slow, "golden")).toBeUndefined();
    await expectNoClone();
  });

  it("leaves nothing behind when the daemon is killed", async () => {
    const id = await asking();
    const before = await (await Engine.of(world, slow)).state("lasting");
    await world.killDaemon();
    expect(leftovers(world.id).some((line) => line.includes("-verify-"))).toBe(true);
    await world.startDaemon();
    expect(await world.client.operations.get(id)).toMatchObject({ status: "failed", recovered: "undone" });
    expect(await (await Engine.of(world, slow)).state("lasting")).toEqual(before);
    expect(await verdictOn(slow, "golden")).toBeUndefined();
    await expectNoClone();
  });
});
