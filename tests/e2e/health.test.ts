import { afterAll, beforeAll, expect, it } from "vitest";
import { cli } from "../support/cli.ts";
import { Engine } from "../support/engine.ts";
import { bareInstance } from "../support/instance.ts";
import { dockerdPid } from "../support/processes.ts";
import { World } from "../support/world.ts";

let world: World;

beforeAll(async () => {
  // Nobody's turn comes while this lasts.
  world = await World.start({ config: { plugins: { health_poll_interval: "1h" } } });
});
afterAll(() => world?.end());

const untilHealthy = (name: string) =>
  expect.poll(async () => (await world.client.instances.get(name)).health, { timeout: 20_000 }).toBe("healthy");

it("is known as soon as a workload is up: after a create, a revert, a clone, a stop and a start, and with the next daemon", async () => {
  const { instances } = world.client;
  const [one, two] = [world.name("one"), world.name("two")];
  await instances.create({ name: one, workload_inline: { plugin: "echo", config: { text: "hi" } } });
  await untilHealthy(one);
  await instances.snapshot(one, { label: "s" });
  await instances.revert(one, { label: "s" });
  await untilHealthy(one);
  await instances.clone(one, { label: "s", new_name: two });
  await untilHealthy(two);
  await instances.stop(one);
  expect((await instances.get(one)).health).toBe("unknown");
  await instances.start(one);
  await untilHealthy(one);
  await world.restartDaemon();
  await untilHealthy(two);
});

const untilHealth = (name: string, health: string) =>
  expect.poll(async () => (await world.client.instances.get(name)).health, { timeout: 30_000 }).toBe(health);

it("is in the first answer after a create, a clone and a revert", async () => {
  const { instances } = world.client;
  const [name, copy] = [world.name("first"), world.name("copy")];
  const known = /^(healthy|degraded)$/;
  await instances.create({ name, workload_inline: { plugin: "echo", config: { text: "hi" } } });
  expect((await instances.get(name)).health).toMatch(known);
  await instances.snapshot(name, { label: "s" });
  await instances.clone(name, { label: "s", new_name: copy });
  expect((await instances.list()).find((one) => one.name === copy)?.health).toMatch(known);
  await instances.revert(name, { label: "s" });
  expect((await instances.get(name)).health).toMatch(known);
});

it("is degraded as soon as a service dies, on every screen alike, and healthy when that is back", async () => {
  const { instances } = world.client;
  const name = world.name("dying");
  await instances.create({ name, workload_inline: { plugin: "echo", config: { text: "hi" } } });
  await untilHealthy(name);
  const engine = await Engine.of(world, name);
  await engine.stop("echo");
  await untilHealth(name, "degraded");

  expect((await cli(world, "list")).stdout).toMatch(new RegExp(`${name} +running +degraded`));
  const status = (await cli(world, "status", name)).stdout;
  expect(status).toMatch(/Health +degraded/);
  expect(status).toContain("FAILED");
  const asked = await cli(world, "workload", "health", name);
  expect(asked).toMatchObject({ code: 1, stdout: expect.stringMatching(/Health +degraded/) });
  expect(await world.client.health()).toMatchObject({ running_degraded: 1, running_unhealthy: 0 });
  expect((await cli(world, "health")).stdout).toContain("1 degraded");

  await engine.start("echo");
  await untilHealthy(name);
});

it("is not healthy while a service ends every second, whatever the plugin says", async () => {
  const name = world.name("one");
  const engine = await Engine.of(world, name);
  await engine.run({ name: "flapping", command: ["sleep", "1"], restart: "always" });
  await untilHealth(name, "degraded");
  const { stdout } = await cli(world, "status", name);
  expect(stdout).toMatch(/FAILED +container flapping: ended and was started again/);
  await engine.remove("flapping");
  await untilHealthy(name);
});

it("is what Docker's own health checks say where there is no workload, and none where there are none", async () => {
  const { name, engine } = await bareInstance(world, "bare");
  expect((await world.client.instances.get(name)).health).toBe("none");
  await engine.json("POST", "/containers/create?name=checked", {
    Image: "dockersnap-tests/busybox:1",
    Entrypoint: ["/bin/busybox"],
    Cmd: ["sleep", "1000000"],
    StopTimeout: 1,
    Healthcheck: { Test: ["CMD", "/bin/busybox", "test", "-e", "/ok"], Interval: 1e9, Timeout: 5e9, Retries: 1 },
  });
  await engine.start("checked");
  await untilHealth(name, "degraded");
  expect((await cli(world, "status", name)).stdout).toMatch(/FAILED +container checked: its health check/);
  await engine.exec("checked", "touch", "/ok");
  await untilHealthy(name);
  await engine.remove("checked");
  await untilHealth(name, "none");
});

it.each([
  ["with a workload", { workload_inline: { plugin: "echo", config: { text: "hi" } } }, "healthy"],
  ["without a workload", {}, "none"],
])(
  "tells of an engine that hangs, with the way out, and no longer once it answers again: %s",
  async (_, asked, well) => {
    const { instances } = world.client;
    const name = world.name(`hangs-${well}`);
    await instances.create({ name, ...asked });
    await untilHealth(name, well);
    const doctor = () => cli(world, "doctor", "--config", world.configFile);
    const restart = `'dockersnap restart ${name}'`;
    const dockerd = dockerdPid(world, name);
    process.kill(dockerd, "SIGSTOP");
    try {
      expect(await instances.workloadHealth(name, { fresh: true })).toMatchObject({
        healthy: false,
        health: "degraded",
        checks: [{ name: "engine", ok: false, message: expect.stringContaining(restart) }],
      });
      expect(await instances.get(name)).toMatchObject({ status: "running", health: "degraded" });
      expect((await cli(world, "status", name)).stdout).toContain(`FAILED  engine: The Docker engine of '${name}'`);
      expect((await doctor()).stdout).toMatch(new RegExp(`!! .*engine that hangs +${name}\\n.*${restart}`));
    } finally {
      process.kill(dockerd, "SIGCONT");
    }
    await untilHealth(name, well);
    expect((await doctor()).stdout).not.toContain("engine that hangs");
  },
);
