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
export function cli(world: World, ...args: string[]): Promise<CliResult> {
  return run(world, join(repository, "bin/dockersnap"), args);
}

/** Run a script of the shell that a person could have typed, with `dockersnap` in its PATH. */
export function shell(world: World, script: string): Promise<CliResult> {
  return run(world, "/bin/sh", ["-c", script]);
}

async function run(world: World, program: string, args: readonly string[]): Promise<CliResult> {
  const environment = cleanEnvironment();
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...environment,
      DOCKERSNAP_REMOTE: world.url,
      HOME: join(world.dir, "home"),
      PATH: `${join(repository, "bin")}:${environment.PATH ?? "/usr/sbin:/usr/bin:/sbin:/bin"}`,
    },
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: code as number | null, stdout, stderr };
}
