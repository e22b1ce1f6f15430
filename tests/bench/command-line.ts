import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../support/repository.ts";
import { cleanEnvironment } from "../support/world.ts";
import type { Measurement } from "./measurement.ts";
import { interleaved, type Stage, timed } from "./stage.ts";
import { summarize } from "./statistics.ts";

const dockersnap = join(repository, "bin/dockersnap");

/** A start is short, so it takes more of them to tell. */
const runsPerRun = 3;

/** The command line against the same Node that does nothing. */
export async function commandLine({ world, runs }: Stage): Promise<readonly Measurement[]> {
  // Without NODE_EXTRA_CA_CERTS and the like, which would make every start of Node longer alike.
  const home = join(world.dir, "home");
  mkdirSync(home, { mode: 0o700 });
  const env = { ...cleanEnvironment(), DOCKERSNAP_REMOTE: world.url, HOME: home };
  const execute = async (program: string, ...args: string[]) => {
    const child = spawn(program, args, { env, stdio: "ignore" });
    const [code] = await once(child, "exit");
    if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}.`);
  };
  const node = () => timed(() => execute(process.execPath, "-e", "0"));
  const against = async (verb: string, atMost: number): Promise<Measurement> => {
    await execute(dockersnap, verb);
    const { ours, floor } = await interleaved(runs * runsPerRun, () => timed(() => execute(dockersnap, verb)), node);
    return {
      name: `dockersnap ${verb}`,
      unit: "ms",
      ours: summarize(ours),
      floor: summarize(floor),
      aim: { kind: "times the floor", atMost },
    };
  };
  return [await against("--version", 1.5), await against("list", 2.5)];
}
