import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runningWith } from "../../support/processes.ts";
import { World } from "../../support/world.ts";
import { installScript } from "./told-plugin.ts";

const crowd = 50;

/** Of physical memory, at its highest. What plugins wrote and was thrown away waits for the collector. */
const most = 448 * 1024 * 1024;

/** What the plugins of the crowd do at any command. */
const misdeeds = [
  "exec yes",
  "exec yes >&2",
  "head -c 104857600 /dev/zero",
  "head -c 104857600 /dev/zero >&2",
  `exec yes '{"step":"a","status":"running"}'`,
  "head -c 4000000 /dev/zero | tr '\\0' '['",
  "yes & yes & yes",
  "yes >&2 & exec yes",
];
/** What a few of them do, for that takes its whole time. */
const hangs = ["trap '' TERM; sleep FOREVER & while :; do wait; done", "exec >&- 2>&-; exec sleep FOREVER"];

let world: World;
let forever: string;
const names = Array.from({ length: crowd }, (_, index) => `bad${index}`);
const misdeed = (index: number) =>
  (hangs[index] ?? misdeeds[index % misdeeds.length] ?? "").replaceAll("FOREVER", forever);

beforeAll(async () => {
  world = await World.start({
    config: { log_level: "info", plugins: { timeouts: { schema: "8s", validate: "8s" } } },
  });
  forever = String(20_000_000 + Number.parseInt(world.id, 16));
});
afterAll(() => world?.end());

function highestMemory(): number {
  const [, kilobytes = ""] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${world.daemonPid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}

/** Do `act`, and ask the daemon for its instances again and again until it is done. */
async function answering<T>(act: Promise<T>): Promise<{ result: T; answers: number }> {
  let isOver = false;
  let answers = 0;
  const asked = (async () => {
    while (!isOver) {
      expect(await world.client.instances.list()).toEqual([]);
      answers += 1;
    }
  })();
  const result = await act.finally(() => {
    isOver = true;
  });
  await asked;
  return { result, answers };
}

it(`a daemon with ${crowd} plugins that misbehave at once goes on answering, within its memory`, async () => {
  // What the start needed does not count.
  writeFileSync(`/proc/${world.daemonPid}/clear_refs`, "5");
  for (const [index, name] of names.entries()) installScript(world, name, `#!/bin/bash\n${misdeed(index)}\n`);
  const { result: plugins, answers } = await answering(world.client.plugins.reload());
  expect(plugins.filter(({ status }) => status === "disabled").map(({ name }) => name)).toEqual(names.toSorted());
  expect(plugins.find(({ name }) => name === "echo")).toMatchObject({ status: "ready" });
  expect(answers).toBeGreaterThan(0);
  expect(highestMemory()).toBeLessThan(most);
});

it(`so does one that calls all ${crowd} of them at once`, async () => {
  for (const [index, name] of names.entries()) {
    const schema = JSON.stringify({ contract_version: "1", plugin_name: name, plugin_version: "1" });
    installScript(
      world,
      name,
      `#!/bin/bash\ncase $1 in\nschema) echo '${schema}' ;;\ninit) ;;\n*)\n${misdeed(index)}\n;;\nesac\n`,
    );
  }
  const plugins = await world.client.plugins.reload();
  expect(plugins.filter(({ status }) => status === "ready")).toHaveLength(crowd + 1);
  const calls = names.map((plugin, index) =>
    world.client.instances.create({ name: world.name(`n${index}`), workload_inline: { plugin } }),
  );
  const { result: ends, answers } = await answering(Promise.allSettled(calls));
  for (const end of ends) expect(end).toMatchObject({ status: "rejected", reason: { code: "plugin_failed" } });
  expect(answers).toBeGreaterThan(0);
  expect(highestMemory()).toBeLessThan(most);
  await expect.poll(() => runningWith(forever), { timeout: 30_000 }).toEqual([]);
});
