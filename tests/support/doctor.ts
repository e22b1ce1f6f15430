import { cli } from "./cli.ts";
import type { World } from "./world.ts";

/** What `doctor` says needs attention, with its advice: a failed comparison shows it. */
export async function faultsFound(world: World): Promise<readonly string[]> {
  const { code, stdout, stderr } = await cli(world, "doctor", "--config", world.configFile);
  const faults = stdout.match(/^!! .*\n(?: {5}.*\n)*/gm) ?? [];
  // An end without a verdict is a fault too.
  return code === 0 || faults.length > 0 ? faults : [stdout + stderr];
}
