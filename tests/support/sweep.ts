import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { destroyWorld } from "./destroy.ts";
import { sweepRanges } from "./range.ts";
import { worldsRoot } from "./world.ts";

/** Before a run: clear away the worlds of runs that were killed, so that what they left cannot be in the way. */
export default async function sweep(): Promise<void> {
  for (const id of existsSync(worldsRoot) ? readdirSync(worldsRoot) : []) {
    const dir = join(worldsRoot, id);
    if (ownerLives(join(dir, "owner"))) continue;
    const configFile = join(dir, "config.yaml");
    if (existsSync(configFile)) await destroyWorld(configFile, `t${id}-`);
    rmSync(dir, { recursive: true, force: true });
  }
  sweepRanges();
}

function ownerLives(file: string): boolean {
  try {
    process.kill(Number(readFileSync(file, "utf8")), 0);
    return true;
  } catch {
    return false;
  }
}
