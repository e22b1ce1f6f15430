import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { leftovers } from "../support/audit.ts";
import { cli } from "../support/cli.ts";
import { pageOn } from "../support/connection.ts";
import { hostPortOf } from "../support/instance.ts";
import { untilReady, untilWaiting, waitingIn } from "../support/standby.ts";
import { World } from "../support/world.ts";

let world: World;
let demo: string;

beforeAll(async () => {
  world = await World.start({ config: { standby: { max_count: 3, max_memory: "8G" } } });
  demo = world.name("demo");
  const workload_inline = { plugin: "echo", config: { text: "hi" } };
  await world.client.instances.create({ name: demo, workload_inline });
  await world.client.instances.snapshot(demo, { label: "golden" });
});
afterAll(() => world?.end());

const names = async () => (await world.client.instances.list()).map(({ name }) => name);
const tookOne = async () =>
  (await world.client.operations.list())
    .find(({ kind }) => kind === "clone")
    ?.steps.some(({ name: step }) => step === "take");

afterEach(async () => {
  for (const name of await names()) if (name !== demo) await world.client.instances.delete(name);
});

it("keeps as many clones waiting as are wanted, out of everybody's sight and without using a processor", async () => {
  const { code, stdout } = await cli(world, "standby", `${demo}@golden`, "--count", "2");
  expect({ code, stdout }).toEqual({ code: 0, stdout: `2 standby clones of ${demo}@golden will be kept ready.\n` });
  await untilReady(world, 2);

  expect(await names()).toEqual([demo]);
  expect((await cli(world, "standby", "list")).stdout).toMatch(new RegExp(`^${demo}@golden +2 of 2 +frozen`, "m"));
  const waiting = await waitingIn(world);
  expect(waiting).toHaveLength(2);
  for (const name of waiting) {
    expect(await cli(world, "stop", name)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("is a standby clone and cannot be used directly"),
    });
    const init = readFileSync(join(world.runDir, `${name}.pid`), "utf8").trim();
    expect(readFileSync(`/proc/${init}/status`, "utf8")).toMatch(/^State:\t[DS]/m);
    expect((await world.client.instances.get(name)).purpose).toBe("standby");
  }
});

it("hands one out as the clone that was asked for, under its name in all that others see", async () => {
  await untilReady(world, 2);
  const before = await waitingIn(world);
  const name = world.name("copy");
  const made = await world.client.instances.clone(demo, { label: "golden", new_name: name });
  expect(await tookOne()).toBe(true);

  expect(made).toMatchObject({ name, status: "running", clone_of: `${demo}@golden`, workload_plugin: "echo" });
  expect(made).not.toHaveProperty("purpose");
  expect(await pageOn(world, await hostPortOf(world, name, 5678))).toBe("hi");
  expect(readFileSync(made.pid_file, "utf8")).toMatch(/^\d+\n$/);
  expect(readdirSync("/run/netns")).toContain(`ds-${name}`);
  expect(existsSync(`/etc/netns/ds-${name}/resolv.conf`)).toBe(true);
  const links = execFileSync("ip", ["-o", "link", "show", "type", "veth"], { encoding: "utf8" });
  expect(links).toContain(`alias dockersnap:${name}`);
  expect((await cli(world, "docker", name, "--", "exec", "echo", "sh", "-c", "echo own >/data/note")).code).toBe(0);
  const [taken = ""] = before.filter((each) => !readdirSync(world.runDir).includes(each));
  expect(readdirSync(join(world.stateDir, "pool/instances"))).not.toContain(taken);
  expect(readdirSync("/run/netns")).not.toContain(`ds-${taken}`);

  await untilReady(world, 2);
  expect(await waitingIn(world)).not.toContain(taken);
  await world.client.instances.snapshot(name, { label: "own" });
  await world.client.instances.restart(name);
  expect((await cli(world, "docker", name, "--", "exec", "echo", "cat", "/data/note")).stdout).toBe("own\n");
  await world.client.instances.revert(name, { label: "own" });
  await world.client.instances.delete(name);
  expect(leftovers(name)).toEqual([]);
  expect(leftovers(taken)).toEqual([]);
});

it("gives each of several clones at once one of its own, and makes those for which none waits", async () => {
  await untilReady(world, 2);
  const copies = [1, 2, 3].map((number) => world.name(`copy-${number}`));
  await Promise.all(copies.map((new_name) => world.client.instances.clone(demo, { label: "golden", new_name })));
  for (const copy of copies) expect(await pageOn(world, await hostPortOf(world, copy, 5678))).toBe("hi");
  const clones = (await world.client.operations.list()).filter(({ kind }) => kind === "clone").slice(0, 3);
  expect(clones.filter(({ steps }) => steps.some(({ name: step }) => step === "take"))).toHaveLength(2);
});

it("serves a throw-away clone's command", async () => {
  await untilReady(world, 2);
  const ran = await cli(world, "run", `${demo}@golden`, "-q", "--", "sh", "-c", 'busybox wget -qO- "$ECHO_URL"');
  expect(ran).toMatchObject({ code: 0, stdout: "hi\n" });
  expect(await tookOne()).toBe(true);
});

it.each(["restartDaemon", "killDaemon"] as const)("takes up what waits after a %s, and hands it out", async (end) => {
  await untilReady(world, 2);
  const before = await waitingIn(world);
  await world[end]();
  if (end === "killDaemon") await world.startDaemon();
  expect(await waitingIn(world)).toEqual(before);
  await untilReady(world, 2);
  const name = world.name("copy");
  await world.client.instances.clone(demo, { label: "golden", new_name: name });
  expect(await tookOne()).toBe(true);
  expect(await pageOn(world, await hostPortOf(world, name, 5678))).toBe("hi");
});

it("follows its snapshot to another label", async () => {
  await untilReady(world, 2);
  const before = await waitingIn(world);
  await world.client.instances.changeSnapshot(demo, "golden", { new_label: "gold" });
  expect(await world.client.standbys()).toMatchObject([{ label: "gold", ready: 2 }]);
  expect(await waitingIn(world)).toEqual(before);
  await world.client.instances.changeSnapshot(demo, "gold", { new_label: "golden" });
});

it("refuses more than the operator allows", async () => {
  const { code, stderr } = await cli(world, "standby", `${demo}@golden`, "--count", "4");
  expect(code).toBe(4);
  expect(stderr).toContain("standby.max_count is 3");
});

it("replaces one whose engine ended, and hands the dead one to nobody", async () => {
  // The legacy freezer's processes do not die before they are thawed, so those of this test run.
  await world.client.instances.setStandby(demo, "golden", { count: 2, frozen: false });
  await untilReady(world, 2);
  const [first = ""] = await waitingIn(world);
  const pid = Number(readFileSync(join(world.runDir, `${first}.pid`), "utf8"));
  process.kill(pid, "SIGKILL");
  const name = world.name("copy");
  await world.client.instances.clone(demo, { label: "golden", new_name: name });
  expect(await pageOn(world, await hostPortOf(world, name, 5678))).toBe("hi");
  await untilReady(world, 2);
  expect(await waitingIn(world)).not.toContain(first);
});

it("goes when fewer are wanted, when none are, and with its snapshot, and leaves nothing", async () => {
  await untilReady(world, 2);
  await world.client.instances.setStandby(demo, "golden", { count: 1 });
  await untilWaiting(world, 1);
  const [last = ""] = await waitingIn(world);
  const { code, stdout } = await cli(world, "standby", `${demo}@golden`, "--remove");
  expect({ code, stdout }).toEqual({ code: 0, stdout: `No standby clones of ${demo}@golden are kept any more.\n` });
  await untilWaiting(world, 0);
  expect(leftovers(last)).toEqual([]);
  expect((await cli(world, "standby", `${demo}@golden`, "--remove")).code).toBe(3);

  await world.client.instances.snapshot(demo, { label: "other" });
  await world.client.instances.setStandby(demo, "other", { count: 1 });
  await untilReady(world, 1);
  await world.client.instances.deleteSnapshot(demo, "other");
  await untilWaiting(world, 0);
  expect(await world.client.standbys()).toEqual([]);
});
