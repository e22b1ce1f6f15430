import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { repository } from "./repository.ts";
import { cleanEnvironment, type World } from "./world.ts";

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Run the built command line against a world, as a person would. */
export async function cli(world: World, ...args: string[]): Promise<CliResult> {
  const child = spawn(join(repository, "bin/dockersnap"), args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...cleanEnvironment(), DOCKERSNAP_REMOTE: world.url, HOME: join(world.dir, "home") },
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: code as number | null, stdout, stderr };
}
