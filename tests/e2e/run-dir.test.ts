import { existsSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { leftovers } from "../support/audit.ts";
import { cli } from "../support/cli.ts";
import { EchoConnection, echoServer } from "../support/connection.ts";
import { Engine } from "../support/engine.ts";
import { bareInstance, hostPortOf } from "../support/instance.ts";
import { powerCut, settled } from "../support/reboot.ts";
import { World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world?.end());

/** An instance that serves a port, and what must be true of it whatever its run folder is called. */
async function serving(word: string, published: number) {
  const { name, engine } = await bareInstance(world, word);
  await engine.run({ name: "echoer", command: echoServer(7000), publish: [`${published}:7000`], restart: "always" });
  await engine.exec("echoer", "sh", "-c", "echo kept > /word");
  await world.client.instances.refreshPorts(name);
  const port = await hostPortOf(world, name, published);
  const { StartedAt } = await engine.state("echoer");
  return {
    name,
    startedAt: StartedAt,
    async expectWell() {
      await settled(world);
      const now = await Engine.of(world, name);
      expect((await world.client.instances.get(name)).status).toBe("running");
      expect((await now.exec("echoer", "cat", "/word")).output).toBe("kept\n");
      expect(await hostPortOf(world, name, published)).toBe(port);
      using connection = await EchoConnection.open(world, port);
      expect(await connection.say("hello")).toBe("hello");
      return (await now.state("echoer")).StartedAt;
    },
  };
}

/** Whatever is about instances works as ever, and a delete leaves nothing. */
async function expectWholeLife(name: string): Promise<void> {
  await world.client.instances.restart(name);
  const fresh = world.name("fresh");
  await world.client.instances.create({ name: fresh });
  for (const each of [fresh, name]) {
    await world.client.instances.delete(each);
    expect(leftovers(each)).toEqual([]);
  }
}

it("is the same daemon however its folders are spelled, and engines run on", async () => {
  const instance = await serving("spelled", 7801);
  const link = `${world.runDir}-link`;
  symlinkSync(world.runDir, link);
  const stateLink = join(world.dir, "state-link");
  symlinkSync(world.stateDir, stateLink);
  try {
    for (const runDir of [`${world.runDir}/`, `${world.runDir}/../${world.runDir.slice("/run/".length)}`, link]) {
      world.writeConfig({ run_dir: runDir, state_dir: runDir === link ? stateLink : `${world.stateDir}/` });
      await world.restartDaemon();
      expect(await instance.expectWell()).toBe(instance.startedAt);
      expect((await world.client.instances.get(instance.name)).socket).toBe(
        join(world.runDir, `${instance.name}.sock`),
      );
    }
  } finally {
    world.writeConfig({});
    rmSync(link);
  }
  await expectWholeLife(instance.name);
});

it("takes running engines along to another run folder, and nothing is left in the one before", async () => {
  const instance = await serving("moved", 7802);
  const before = world.runDir;
  world.moveRunDir(`${before}-moved`);
  const seen = await cli(world, "doctor", "--config", world.configFile);
  expect(seen.stdout).toMatch(/^ok +daemon +running/m);
  expect(seen.stdout).toContain(`${before}; the configuration has ${world.runDir}`);
  await world.restartDaemon();

  expect(await instance.expectWell()).toBe(instance.startedAt);
  expect((await world.client.instances.get(instance.name)).socket).toBe(join(world.runDir, `${instance.name}.sock`));
  expect(existsSync(before)).toBe(false);
  await expectWholeLife(instance.name);
});

it("starts engines anew in a run folder on another file system, after they were shut down in the one before", async () => {
  const instance = await serving("across", 7803);
  const before = world.runDir;
  await world.killDaemon();
  // Where every Linux has a file system of its own.
  world.moveRunDir(`/dev/shm/dst-${world.id}`);
  await world.startDaemon();

  expect(await instance.expectWell()).not.toBe(instance.startedAt);
  expect(existsSync(before)).toBe(false);
  await expectWholeLife(instance.name);
});

it("knows its instances again when the run folder is another one after a reboot, and the state was moved", async () => {
  const instance = await serving("reboot", 7804);
  await powerCut(world);
  world.moveRunDir(`/run/dst-${world.id}-again`);
  world.moveState(join(world.dir, "state-moved"));
  await world.startDaemon();

  await instance.expectWell();
  await expectWholeLife(instance.name);
});
