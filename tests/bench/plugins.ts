import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { repository } from "../support/repository.ts";
import { cleanEnvironment, type World } from "../support/world.ts";
import { cpuSeconds } from "./machine.ts";
import type { Measurement } from "./measurement.ts";
import { interleaved, timed, type WorldMaker } from "./stage.ts";
import { summarize } from "./statistics.ts";

const echo = join(repository, "bin/plugins/echo");

/** A call is short, so it takes more of them to tell. */
const callsPerRun = 5;

const many = 20;

/** As many probes in a time as 50 instances polled every 30 seconds come to, on fewer engines. */
const polled = { instances: 10, everySeconds: 6 };
const watchedMs = 60_000;
const spans = 4;

/** What calls of plugins cost above the start of what they are written in, and what probing them and their health costs. */
export async function plugins(makeWorld: WorldMaker, runs: number): Promise<readonly Measurement[]> {
  const world = await makeWorld({ poolBytes: 16 * 1024 ** 3 });
  const bare = bareStarts();
  const probing = await probed(world, runs);
  const start = await interleaved(
    runs * callsPerRun,
    () => timed(() => execute(echo, ["schema"], startEnvironment(world))),
    () => timed(bare.node),
  );
  return [
    ...(await calls(world, runs, bare)),
    {
      name: "start of the SDK's echo",
      unit: "ms",
      ours: summarize(start.ours),
      floor: summarize(start.floor),
      aim: { kind: "times the floor", atMost: 1.5 },
    },
    ...probing,
    await health(world),
  ];
}

async function calls(world: World, runs: number, bare: ReturnType<typeof bareStarts>): Promise<Measurement[]> {
  installBash(world, "bash");
  await world.client.plugins.reload();
  const measured: Measurement[] = [];
  for (const [plugin, floor, what] of [
    ["echo", bare.node, "a call of a Node plugin, node -e 0"],
    ["bash", bare.bash, "a call of a bash plugin, bash -c :"],
  ] as const) {
    const name = world.name(plugin);
    await world.client.instances.create({ name, workload_inline: { plugin } });
    // Asked by a client without a library, as `use` would; the request itself counts as ours.
    const ask = async () => {
      const answer = await fetch(`${world.url}/api/v1/instances/${name}/access`);
      if (!answer.ok) throw new Error(await answer.text());
      await answer.text();
    };
    await ask();
    const pairs = await interleaved(
      runs * callsPerRun,
      () => timed(ask),
      () => timed(floor),
    );
    measured.push({
      name: what,
      unit: "ms",
      ours: summarize(pairs.ours),
      floor: summarize(pairs.floor),
      aim: { kind: "above the floor", atMost: 20 },
    });
  }
  return measured;
}

/** Many plugins against one, of each kind alone. */
async function probed(world: World, runs: number): Promise<Measurement[]> {
  const reload = () => timed(() => world.client.plugins.reload());
  const measure = async (what: string, install: (name: string) => void): Promise<Measurement> => {
    for (const { name } of await world.client.plugins.list()) remove(world, name);
    install("p0");
    await reload();
    const others = Array.from({ length: many - 1 }, (_, index) => `p${index + 1}`);
    const pairs = await interleaved(
      runs,
      async () => {
        for (const name of others) install(name);
        const took = await reload();
        for (const name of others) remove(world, name);
        return took;
      },
      reload,
    );
    remove(world, "p0");
    return {
      name: `probing ${many} ${what} plugins, and one`,
      unit: "ms",
      ours: summarize(pairs.ours),
      floor: summarize(pairs.floor),
      aim: { kind: "times the floor", atMost: 3 },
    };
  };
  const measured = [
    await measure("Node", (name) => world.installPlugin(name, echo)),
    await measure("bash", (name) => installBash(world, name)),
  ];
  world.installPlugin("echo", echo);
  await reload();
  return measured;
}

async function health(world: World): Promise<Measurement> {
  const present = (await world.client.instances.list()).length;
  for (let index = present; index < polled.instances; index += 1) {
    await world.client.instances.create({ name: world.name(`i${index}`), workload_inline: { plugin: "echo" } });
  }
  world.writeConfig({
    log_level: "info",
    plugins: { dir: world.pluginsDir, health_poll_interval: `${polled.everySeconds}s` },
  });
  await world.restartDaemon();
  // The first round comes with the start.
  await pause(polled.everySeconds * 1000);
  const shares: number[] = [];
  for (let span = 0; span < spans; span += 1) {
    const [before, from] = [cpuSeconds(world.daemonPid), performance.now()];
    await pause(watchedMs / spans);
    shares.push(((cpuSeconds(world.daemonPid) - before) / ((performance.now() - from) / 1000)) * 100);
  }
  const aMinute = (polled.instances * 60) / polled.everySeconds;
  return {
    name: `daemon's CPU, ${aMinute} health checks a minute`,
    unit: "%",
    ours: summarize(shares),
    aim: { kind: "at most", atMost: 2 },
    notes: [
      `${polled.instances} instances polled every ${polled.everySeconds} s: as many checks as of 50 instances every 30 s`,
    ],
  };
}

function bareStarts() {
  const env = cleanEnvironment();
  return {
    node: () => execute(process.execPath, ["-e", "0"], env),
    bash: () => execute("bash", ["-c", ":"], env),
  };
}

/** What the daemon gives a plugin: its own Node first, and a folder where that keeps what it compiled. */
function startEnvironment(world: World): Record<string, string> {
  const env = cleanEnvironment();
  return {
    ...env,
    PATH: `${dirname(process.execPath)}:${env.PATH ?? "/usr/bin:/bin"}`,
    NODE_COMPILE_CACHE: join(world.stateDir, "compile-cache"),
  };
}

async function execute(program: string, args: readonly string[], env: Record<string, string>): Promise<void> {
  const child = spawn(program, args, { env, stdio: "ignore" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}.`);
}

function installBash(world: World, name: string): void {
  const file = join(world.dir, "bash-plugin");
  writeFileSync(file, bashPlugin, { mode: 0o755 });
  world.installPlugin(name, file);
}

const remove = (world: World, name: string) => rmSync(join(world.pluginsDir, name), { recursive: true, force: true });

const bashPlugin = `#!/bin/bash
case $1 in
  schema) echo '{"contract_version":"1","plugin_name":"bash","plugin_version":"1"}' ;;
  init) ;;
  deploy | teardown) echo '{"step":"complete","status":"done"}' ;;
  access) echo '{"env":{"A":"b"}}' ;;
  *) exit 64 ;;
esac
`;
