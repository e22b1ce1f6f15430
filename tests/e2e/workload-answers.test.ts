import { afterAll, beforeAll, expect, it } from "vitest";
import { World } from "../support/world.ts";

let world: World;
let bare: string;
let echo: string;

beforeAll(async () => {
  world = await World.start({ config: { plugins: { health_poll_interval: "1h" } } });
  [bare, echo] = [world.name("bare"), world.name("echo")];
  await world.client.instances.create({ name: bare });
  await world.client.instances.create({ name: echo, workload_inline: { plugin: "echo", config: { text: "hi" } } });
});
afterAll(() => world?.end());

async function get(name: string, path: string): Promise<unknown> {
  const response = await fetch(`${world.url}/api/v1/instances/${name}${path}`);
  expect(response.status).toBe(200);
  return response.json();
}

async function post(name: string, path: string) {
  const response = await fetch(`${world.url}/api/v1/instances/${name}${path}`, { method: "POST" });
  return { status: response.status, ...((await response.json()) as { error?: string }) };
}

it("are there for an instance without a workload, running or stopped", async () => {
  for (const stop of [false, true]) {
    if (stop) await world.client.instances.stop(bare);
    expect(await get(bare, "/workload")).toEqual({ workload_type: "none" });
    for (const query of ["", "?fresh=true"]) {
      expect(await get(bare, `/workload/health${query}`)).toMatchObject({
        workload_plugin: "",
        healthy: true,
        checks: [{ name: "workload", ok: true, message: expect.stringContaining("has no workload") }],
        consecutive_fails: 0,
      });
    }
    expect(await get(bare, "/access")).toMatchObject({ env: { DOCKER_HOST: expect.any(String) }, files: [] });
  }
});

it("of a stopped instance are what is known of its workload", async () => {
  await world.client.instances.stop(echo);
  expect(await get(echo, "/workload")).toMatchObject({
    workload_plugin: "echo",
    workload_type: "echo",
    contract_version: "1",
    status: "stopped",
    ports: [],
    config: { text: "hi" },
    details: {},
  });
  expect(await get(echo, "/workload/health?fresh=true")).toMatchObject({
    workload_plugin: "echo",
    healthy: true,
    checks: [{ ok: true, message: `Instance '${echo}' is stopped, so its workload was not checked.` }],
  });
  expect(await get(echo, "/access")).toMatchObject({
    env: { DOCKERSNAP_INSTANCE: echo },
    warnings: [`Instance '${echo}' is not running. Start it with 'dockersnap start ${echo}'.`],
  });
  expect(await post(echo, "/ports/refresh")).toMatchObject({
    status: 400,
    error: expect.stringContaining("not running"),
  });
});

it("follow an instance that is stopped and started twice, which changes nothing the second time", async () => {
  for (const act of ["/stop", "/stop", "/start", "/start"]) {
    const response = await fetch(`${world.url}/api/v1/instances/${echo}${act}`, { method: "POST" });
    expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
  }
  expect(await get(echo, "/workload")).toMatchObject({ status: "running" });
});
