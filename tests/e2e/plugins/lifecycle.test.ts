import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PluginInput } from "@dockersnap/contract";
import type { Instance, ProgressEvent } from "@dockersnap/contract/words";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli } from "../../support/cli.ts";
import { eventOf } from "../../support/events.ts";
import { repository } from "../../support/repository.ts";
import { World } from "../../support/world.ts";
import { ToldPlugin } from "./told-plugin.ts";

const proxy = { http: "http://proxy.example.com:8080", no_proxy: "localhost" };

let world: World;
let told: ToldPlugin;
let one: string;
let theirs: string;
let made: Instance;
const progress: ProgressEvent[] = [];

beforeAll(async () => {
  world = await World.start({
    config: {
      docker: { proxy, dns: ["127.0.0.1"] },
      plugins: { health_poll_interval: "500ms", health_failure_threshold: 2 },
    },
  });
  told = new ToldPlugin(world, "told");
  copyFileSync(join(repository, "tests/e2e/plugins/programs/foreign"), join(world.pluginsDir, "foreign"));
  await world.client.plugins.reload();
  one = world.name("one");
  theirs = world.name("theirs");
  [, made] = await Promise.all([
    world.client.instances.create({ name: one, workload_inline: { plugin: "told" } }),
    world.client.instances.create(
      { name: theirs, workload_inline: { plugin: "foreign", config: { retries: 5 } } },
      { onProgress: (event) => progress.push(event) },
    ),
  ]);
});
afterAll(() => world?.end());

const callsWithoutHealth = () => told.calls().filter(({ command }) => command !== "health");
const commands = () => callsWithoutHealth().map(({ command }) => command);

describe("a plugin", () => {
  it("is asked before anything is made and deploys last, and reads what the contract says", async () => {
    const instance = await world.client.instances.get(one);
    const [validate, deploy, ...more] = callsWithoutHealth().filter(({ command }) => !/init|schema/.test(command));
    expect([validate?.command, deploy?.command, more]).toEqual(["validate", "deploy", []]);
    for (const call of [validate, deploy]) {
      expect(PluginInput.parse(call?.input)).toEqual(call?.input);
      expect(call?.input).toEqual({
        contract_version: "1",
        command: call?.command,
        instance_name: one,
        instance: {
          name: one,
          socket: instance.socket,
          subnet: instance.subnet,
          data_root: expect.stringMatching(new RegExp(`/${one}$`)),
          host_veth_ip: expect.stringMatching(/^10\.\d+\.\d+\.\d+$/),
          ns_veth_ip: expect.stringMatching(/^10\.\d+\.\d+\.\d+$/),
          netns_name: `ds-${one}`,
          metallb_ip: instance.metallb_ip,
          created_at: instance.created_at,
          clone_of: "",
          host: world.address,
        },
        forwarded_ports: [],
        env: {
          HTTP_PROXY: proxy.http,
          http_proxy: proxy.http,
          NO_PROXY: proxy.no_proxy,
          no_proxy: proxy.no_proxy,
        },
        plugin_config: {},
      });
    }
  });

  it("quiesces before a snapshot and is released after it", async () => {
    commands();
    await world.client.instances.snapshot(one, { label: "base" });
    expect(commands()).toEqual(["pre_snapshot", "post_snapshot"]);
  });

  it("is told of a revert when the instance runs again", async () => {
    commands();
    await world.client.instances.revert(one, { label: "base" });
    expect(commands().filter((command) => !command.endsWith("_snapshot"))).toEqual(["post_revert"]);
  });

  it("is told of a clone as what the clone is, and cleans up first when it is deleted", async () => {
    commands();
    const clone = world.name("clone");
    await world.client.instances.clone(one, { label: "base", new_name: clone });
    const [cloned, ...more] = callsWithoutHealth();
    expect({ command: cloned?.command, more }).toEqual({ command: "post_clone", more: [] });
    expect(cloned?.input).toMatchObject({ instance_name: clone, instance: { name: clone, clone_of: `${one}@base` } });
    await world.client.instances.delete(clone);
    expect(commands()).toEqual(["teardown"]);
  });

  it("deploys on undisturbed while a new version of it is installed and taken in", async () => {
    const name = world.name("long");
    const gate = join(world.dir, "gate");
    told.behave(
      "deploy",
      `mkfifo ${gate}; echo '{"step":"begun","status":"running"}'; read -r word < ${gate}; echo "{\\"step\\":\\"$word\\",\\"status\\":\\"done\\"}"`,
    );
    const steps: string[] = [];
    const begun = Promise.withResolvers<void>();
    const created = world.client.instances.create(
      { name, workload_inline: { plugin: "told" } },
      {
        onProgress: ({ step }) => {
          steps.push(step);
          if (step === "begun") begun.resolve();
        },
      },
    );
    await Promise.race([begun.promise, created]);
    const newer = join(world.dir, "told");
    const text = readFileSync(join(world.pluginsDir, "told/told"), "utf8");
    writeFileSync(newer, text.replace('"plugin_version":"1.0.0"', '"plugin_version":"2.0.0"'), { mode: 0o755 });
    expect(await cli(world, "plugin", "install", newer, "--dir", world.pluginsDir)).toMatchObject({ code: 0 });
    expect((await world.client.plugins.get("told")).version).toBe("1.0.0");
    await world.client.plugins.reload();
    expect((await world.client.plugins.get("told")).version).toBe("2.0.0");
    writeFileSync(gate, "released\n");
    await created;
    told.behave("deploy");
    expect(steps).toEqual(expect.arrayContaining(["begun", "released"]));
    await world.client.instances.delete(name);
  });
});

describe("health", () => {
  const sick = `echo '{"healthy":false,"checks":[{"name":"web","ok":false,"message":"refused"}]}'`;

  it("is polled, and turns when it failed often enough in a row, and back at the first success", async () => {
    const turned = (healthy: boolean, body?: string) =>
      eventOf(
        world,
        ({ type, instance, data }) => type === "health.changed" && instance === one && data?.healthy === healthy,
        async () => told.behave("health", body),
      );
    await turned(false, sick);
    expect((await world.client.instances.get(one)).health).toBe("unhealthy");
    expect(await world.client.instances.workloadHealth(one)).toMatchObject({
      healthy: false,
      checks: [{ name: "web", ok: false, message: "refused" }],
    });
    await turned(true);
    expect((await world.client.instances.get(one)).health).toBe("healthy");
  });

  it("is probed now where it is asked for fresh", async () => {
    told.behave("health", `${sick}; exit 1`);
    const fresh = await world.client.instances.workloadHealth(one, { fresh: true });
    told.behave("health");
    expect(fresh).toMatchObject({ healthy: false, checks: [{ name: "web" }, { name: "plugin", ok: false }] });
    expect(await world.client.instances.workloadHealth(one, { fresh: true })).toMatchObject({
      healthy: true,
      consecutive_fails: 0,
    });
  });
});

it("an instance whose plugin has no health check is not taken for a healthy one", async () => {
  told.behave("health", "exit 64");
  const name = world.name("quiet");
  await world.client.instances.create({ name, workload_inline: { plugin: "told" } });
  const { stdout } = await cli(world, "workload", "health", name, "--fresh");
  expect(stdout).toMatch(/Health +unknown\nMessage +This plugin has no health check, and no container has one\./);
  expect((await world.client.instances.get(name)).health).toBe("unknown");
  told.behave("health");
  await world.client.instances.delete(name);
});

describe("a plugin made for another daemon", () => {
  it("is ready, with what it says of itself", async () => {
    expect(await world.client.plugins.get("foreign")).toMatchObject({
      status: "ready",
      version: "v0.3.1-4-gdeadbee",
      supported_contract_versions: ["1", "9"],
    });
  });

  it("deploys with its defaults under what was given, its events as they are, its warnings told", async () => {
    const { workload_config, workload_contract_version } = await world.client.instances.get(theirs);
    expect(workload_contract_version).toBe("1");
    expect(workload_config).toEqual({ cluster_name: theirs, retries: 5, wait: true, tags: [`${theirs}-a`, "b"] });
    expect(progress).toContainEqual({ step: "prepare", status: "running", ts: 17 });
    expect(progress).toContainEqual({ step: "prepare", status: "done", elapsed: "1.5s" });
    expect(made).toMatchObject({ warnings: ["retries are many"] });
  });

  it("answers everything there is to ask", async () => {
    const { instances } = world.client;
    expect(await instances.access(theirs)).toMatchObject({
      env: {
        CLUSTER: theirs,
        API: expect.stringMatching(new RegExp(`^http://${world.address}:`)),
        DOCKERSNAP_INSTANCE: theirs,
      },
      files: [],
      endpoints: [{ name: "api", scheme: "https", insecure: true }],
      warnings: [expect.stringContaining("'none'"), expect.stringContaining("'kubernetes-api'")],
    });
    expect(await instances.workload(theirs)).toMatchObject({ workload_type: "cluster", status: "ready", ports: [] });
    expect(await instances.workloadHealth(theirs, { fresh: true })).toMatchObject({ healthy: true, checks: [] });
  });

  it("is never called with a hook", async () => {
    await world.client.instances.snapshot(theirs, { label: "base" });
    await world.client.instances.revert(theirs, { label: "base" });
    const { steps } = (await world.client.operations.list()).find(({ kind }) => kind === "snapshot") ?? { steps: [] };
    expect(steps.map(({ name }) => name)).not.toContain("pre_snapshot");
  });

  it("logs to the daemon's log at its own level, with its attributes", () => {
    const lines = readFileSync(world.logFile, "utf8")
      .split("\n")
      .filter((line) => line.includes("about to say yes"))
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      expect.objectContaining({ plugin: "foreign", command: "validate", instance: theirs, attrs: { name: theirs } }),
    ]);
    expect(lines[0].level).toMatch(/warn/i);
  });
});

it("an instance whose plugin is gone says so, and can be deleted", async () => {
  rmSync(join(world.pluginsDir, "foreign"));
  await world.client.plugins.reload();
  await expect(world.client.instances.access(theirs)).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringContaining("There is no plugin 'foreign'"),
  });
  await world.client.instances.delete(theirs);
  await expect(world.client.instances.get(theirs)).rejects.toMatchObject({ code: "not_found" });
});
