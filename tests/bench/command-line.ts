import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../support/repository.ts";
import { cleanEnvironment, type World } from "../support/world.ts";
import type { Aim, Measurement } from "./measurement.ts";
import { interleaved, type Stage, timed } from "./stage.ts";
import { summarize } from "./statistics.ts";

const dockersnap = join(repository, "bin/dockersnap");

/** A start is short, so it takes more of them to tell. */
const runsPerRun = 3;

interface Command {
  readonly verb: readonly string[];
  readonly aim: Aim;
  /** What of the world it is asked in, for the table. */
  readonly note?: string;
}

export function commandLine({ world, runs }: Stage): Promise<readonly Measurement[]> {
  return against(world, runs, [
    { verb: ["--version"], aim: { kind: "times the floor", atMost: 1.5 } },
    { verb: ["list"], aim: { kind: "times the floor", atMost: 2.5 } },
  ]);
}

/** The command line against the same Node that does nothing. */
export async function against(
  world: World,
  runs: number,
  commands: readonly Command[],
): Promise<readonly Measurement[]> {
  // Without NODE_EXTRA_CA_CERTS and the like, which would make every start of Node longer alike.
  const home = join(world.dir, "home");
  mkdirSync(home, { mode: 0o700, recursive: true });
  const env = { ...cleanEnvironment(), DOCKERSNAP_REMOTE: world.url, HOME: home };
  const execute = async (program: string, ...args: readonly string[]) => {
    const child = spawn(program, args, { env, stdio: "ignore" });
    const [code] = await once(child, "exit");
    if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}.`);
  };
  const node = () => timed(() => execute(process.execPath, "-e", "0"));
  const measured: Measurement[] = [];
  for (const { verb, aim, note = "" } of commands) {
    await execute(dockersnap, ...verb);
    const { ours, floor } = await interleaved(runs * runsPerRun, () => timed(() => execute(dockersnap, ...verb)), node);
    measured.push({
      name: `dockersnap ${verb[0]}${note}`,
      unit: "ms",
      ours: summarize(ours),
      floor: summarize(floor),
      aim,
    });
  }
  return measured;
}
