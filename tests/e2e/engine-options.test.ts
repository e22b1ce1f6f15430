import { afterAll, beforeAll, expect, it } from "vitest";
import { leftovers } from "../support/audit.ts";
import { cli } from "../support/cli.ts";
import { Engine } from "../support/engine.ts";
import { World } from "../support/world.ts";

interface Info {
  readonly LiveRestoreEnabled: boolean;
}

let world: World;

beforeAll(async () => {
  world = await World.start({
    config: { docker: { engine: { "registry-mirrors": ["http://192.0.2.1:5000"], labels: ["of=host"] } } },
  });
});
afterAll(() => world?.end());

const act = () => world.client.instances;
const infoOf = async (engine: Engine) => (await engine.json("GET", "/info")) as Info;

async function created(word: string, ...options: readonly string[]) {
  const name = world.name(word);
  const words = options.flatMap((option) => ["--engine", option]);
  expect(await cli(world, "create", name, ...words)).toMatchObject({ code: 0 });
  return { name, engine: await Engine.of(world, name) };
}

it("configure the engine of one instance and those of all, over restart, revert, clone and the next daemon", async () => {
  const { name, engine } = await created(
    "own",
    "insecure-registries=192.0.2.7:5000",
    "labels=of=instance",
    'default-ulimits={"nofile":{"Name":"nofile","Hard":3333,"Soft":2222}}',
    'default-address-pools={"base":"10.99.0.0/16","size":24}',
    "log-opts.max-file=7",
  );
  const asAsked = async (one: string) => {
    const inside = await Engine.of(world, one);
    expect(await infoOf(inside)).toMatchObject({
      LiveRestoreEnabled: true,
      Labels: ["of=instance"],
      RegistryConfig: {
        Mirrors: ["http://192.0.2.1:5000/"],
        IndexConfigs: { "192.0.2.7:5000": { Secure: false } },
      },
    });
    expect((await inside.exec("box", "sh", "-c", "ulimit -n; ulimit -Hn")).output).toBe("2222\n3333\n");
  };
  await engine.run({ name: "box", restart: "always" });
  await asAsked(name);
  expect(await engine.json("GET", "/containers/box/json")).toMatchObject({
    HostConfig: { LogConfig: { Type: "json-file", Config: { "max-file": "7" } } },
  });
  await engine.json("POST", "/networks/create", { Name: "made" });
  expect(await engine.json("GET", "/networks/made")).toMatchObject({
    IPAM: { Config: [{ Subnet: expect.stringMatching(/^10\.99\.\d+\.0\/24$/) }] },
  });
  const status = JSON.parse((await cli(world, "status", name, "-o", "json")).stdout);
  expect(status.engine).toMatchObject({ "insecure-registries": ["192.0.2.7:5000"], "log-opts": { "max-file": 7 } });
  expect((await cli(world, "status", name)).stdout).toMatch(/^Engine options +\{.*"insecure-registries"/m);

  await act().snapshot(name, { label: "s" });
  await act().revert(name, { label: "s" });
  await asAsked(name);
  const clone = world.name("own-clone");
  await act().clone(name, { label: "s", new_name: clone });
  await asAsked(clone);
  expect((await act().get(clone)).engine).toEqual(status.engine);
  await act().restart(name);
  await world.restartDaemon();
  await asAsked(name);
  for (const one of [name, clone]) await act().delete(one);
});

it("are refused with the name of the option where dockersnap keeps it for itself", async () => {
  const name = world.name("refused");
  const said = await cli(
    world,
    "create",
    name,
    "--engine",
    "data-root=/elsewhere",
    "--engine",
    "hosts=tcp://0.0.0.0:1",
  );
  expect(said).toMatchObject({ code: 2 });
  expect(said.stderr).toContain("The engine option 'data-root' cannot be set:");
  expect(said.stderr).toContain("The engine option 'hosts' cannot be set:");
  expect((await act().list()).map((one) => one.name)).not.toContain(name);
});

it.each([
  ["a value it does not take", "mtu=wide", /mtu/],
  ["an option it does not know", "no-such-option=1", /no-such-option/],
])("are refused by dockerd in its own words for %s, and nothing is left behind", async (_what, option, words) => {
  const name = world.name("bad");
  const said = await cli(world, "create", name, "--engine", option);
  expect(said.code).not.toBe(0);
  expect(said.stderr).toMatch(/dockerd ended with code 1: /);
  expect(said.stderr).toMatch(words);
  expect(leftovers(name)).toEqual([]);
  expect((await act().list({ all: true })).map((one) => one.name)).not.toContain(name);
});

it("give containers IPv6 addresses", async () => {
  const { name, engine } = await created("six", "ipv6=true", "fixed-cidr-v6=fd00:1::/64");
  await engine.run({ name: "box" });
  expect(await engine.json("GET", "/containers/box/json")).toMatchObject({
    NetworkSettings: { Networks: { bridge: { GlobalIPv6Address: expect.stringMatching(/^fd00:1::/) } } },
  });
  await act().delete(name);
});

it("without live restore have containers that come back with their engine when a container is reverted", async () => {
  const { name, engine } = await created("parts", "live-restore=false");
  for (const box of ["box", "other"]) await engine.run({ name: box, restart: "always" });
  await engine.run({ name: "plain" });
  await act().snapshot(name, { label: "s" });
  await engine.exec("box", "touch", "/later");
  await engine.remove("box");
  await act().revert(name, { label: "s", only: ["container:box"] });
  for (const box of ["box", "other", "plain"]) {
    await expect.poll(() => engine.state(box), { timeout: 30_000 }).toMatchObject({ Status: "running" });
  }
  expect((await engine.exec("box", "ls", "/")).output).not.toContain("later");
  expect((await infoOf(engine)).LiveRestoreEnabled).toBe(false);
  await act().delete(name);
});

it("turn live restore off, and then an instance can be a swarm, which comes back with a start, a revert and a clone", {
  timeout: 300_000,
}, async () => {
  const { name } = await created("swarm", "live-restore=false");
  const docker = (one: string, ...words: readonly string[]) => cli(world, "docker", one, "--", ...words);
  const untilServed = async (one: string) => {
    const inside = await Engine.of(world, one);
    expect((await infoOf(inside)).LiveRestoreEnabled).toBe(false);
    await expect
      .poll(async () => (await docker(one, "service", "ls", "--format", "{{.Name}} {{.Replicas}}")).stdout, {
        timeout: 60_000,
      })
      .toBe("web 1/1\n");
  };
  expect(await docker(name, "swarm", "init")).toMatchObject({ code: 0 });
  await world.restartDaemon();
  const image = "dockersnap-tests/busybox:1";
  const service = [
    "service",
    "create",
    "--detach",
    "--no-resolve-image",
    "--name",
    "web",
    image,
    "/bin/busybox",
    "sleep",
    "1000000",
  ];
  expect(await docker(name, ...service)).toMatchObject({ code: 0 });
  await untilServed(name);
  await act().snapshot(name, { label: "s" });
  await act().restart(name);
  await untilServed(name);
  await act().revert(name, { label: "s" });
  await untilServed(name);
  const clone = world.name("swarm-clone");
  await act().clone(name, { label: "s", new_name: clone });
  await untilServed(clone);
  for (const one of [name, clone]) await act().delete(one);
});
