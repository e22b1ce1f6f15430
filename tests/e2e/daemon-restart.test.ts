import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EchoConnection, echoServer } from "../support/connection.ts";
import type { Engine } from "../support/engine.ts";
import { eventOf } from "../support/events.ts";
import { bareInstance, hostPortOf } from "../support/instance.ts";
import { dockerdPid, killAndWait, sandboxPid } from "../support/processes.ts";
import { World } from "../support/world.ts";

let world: World;
let name: string;
let engine: Engine;
let port: number;

beforeAll(async () => {
  world = await World.start();
  ({ name, engine } = await bareInstance(world, "lasting"));
  await engine.run({ name: "echoer", command: echoServer(7000), publish: ["7301:7000"], restart: "always" });
  await engine.run({ name: "plain" });
  await world.client.instances.refreshPorts(name);
  port = await hostPortOf(world, name, 7301);
});
afterAll(() => world?.end());

async function whatRuns() {
  const states = await Promise.all(["echoer", "plain"].map((container) => engine.state(container)));
  return {
    started: states.map(({ Running, StartedAt }) => ({ Running, StartedAt })),
    sandbox: await sandboxPid(world, name),
    dockerd: dockerdPid(world, name),
  };
}

/** Talk over a connection without a pause. Every method rejects once a word did not come back. */
function load(connection: EchoConnection) {
  let stopped = false;
  let turn = Promise.withResolvers<void>();
  const talking = (async () => {
    for (let count = 0; !stopped; count += 1) {
      expect(await connection.say(`word ${count}`)).toBe(`word ${count}`);
      turn.resolve();
      turn = Promise.withResolvers<void>();
    }
  })();
  talking.catch(() => undefined);
  return {
    /** Resolves when a word went there and back that was not under way yet. */
    async exchange() {
      for (let words = 0; words < 2; words += 1) await Promise.race([turn.promise, talking]);
    },
    async stop() {
      stopped = true;
      await talking;
    },
  };
}

describe.each([
  ["killed", () => world.killDaemon()],
  ["asked to end", () => world.stopDaemon()],
])("a daemon that is %s under load", (how, end) => {
  it("leaves containers and open connections alone, and the next one takes them up as they are", async () => {
    using connection = await EchoConnection.open(world, port);
    const before = await whatRuns();
    const talk = load(connection);
    const other = world.client.instances.create({ name: world.name(how === "killed" ? "k" : "s") });
    other.catch(() => undefined);
    await end();
    await talk.exchange();
    using fresh = await EchoConnection.open(world, port);
    expect(await fresh.say("new")).toBe("new");
    await world.startDaemon();
    await talk.exchange();
    await talk.stop();
    expect(await whatRuns()).toEqual(before);
    expect(await hostPortOf(world, name, 7301)).toBe(port);
    expect(await world.client.instances.get(name)).toMatchObject({ status: "running" });
    await other.catch(() => undefined);
    for (const { status } of await world.client.operations.list()) expect(["done", "failed"]).toContain(status);
  });
});

it("ends with code 0 when it is asked to", async () => {
  expect(await world.stopDaemon()).toBe(0);
  await world.startDaemon();
});

it("brings a dockerd that is killed back into its sandbox while its containers go on", async () => {
  using connection = await EchoConnection.open(world, port);
  const { started, sandbox, dockerd } = await whatRuns();
  await killAndWait(dockerd);
  expect(await connection.say("without dockerd")).toBe("without dockerd");
  await expect.poll(() => engine.containers().catch(() => []), { timeout: 20_000 }).toEqual(["echoer", "plain"]);
  expect(await connection.say("with dockerd")).toBe("with dockerd");
  const after = await whatRuns();
  expect(after).toMatchObject({ started, sandbox });
  expect(after.dockerd).not.toBe(dockerd);
  await engine.run({ name: "later" });
  await engine.remove("later");
});

it("starts an instance again whose sandbox is killed", async () => {
  const { name: victim, engine: its } = await bareInstance(world, "victim");
  await its.run({ name: "echoer", command: echoServer(7000), publish: ["7302:7000"], restart: "always" });
  await its.exec("echoer", "sh", "-c", "echo kept > /word; sync");
  await world.client.instances.refreshPorts(victim);
  const forwarded = await hostPortOf(world, victim, 7302);
  const pid = await sandboxPid(world, victim);
  await eventOf(
    world,
    ({ type, instance, data }) => type === "operation.ended" && instance === victim && data?.kind === "start",
    () => killAndWait(pid),
  );
  expect(await world.client.instances.get(victim)).toMatchObject({ status: "running" });
  expect(await hostPortOf(world, victim, 7302)).toBe(forwarded);
  using connection = await EchoConnection.open(world, forwarded);
  expect(await connection.say("again")).toBe("again");
  expect((await its.exec("echoer", "cat", "/word")).output).toBe("kept\n");
  const [latest] = (await world.client.operations.list()).filter(({ instance }) => instance === victim);
  expect(latest).toMatchObject({ kind: "start", requested_by: "daemon", status: "done" });
});

it("starts an instance again whose sandbox was killed while no daemon was there", async () => {
  const pid = await sandboxPid(world, name);
  await world.killDaemon();
  await killAndWait(pid);
  await world.startDaemon();
  await expect
    .poll(async () => (await world.client.instances.get(name)).operation, { timeout: 30_000 })
    .toBeUndefined();
  using connection = await EchoConnection.open(world, port);
  expect(await connection.say("again")).toBe("again");
});
