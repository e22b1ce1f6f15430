import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { cleanEnvironment } from "../support/world.ts";

const execute = promisify(execFile);

/** Run a program to its end; rejects with what it said unless it exits with 0. */
export async function run(
  program: string,
  args: readonly string[],
  { cwd, timeoutMs = 120_000 }: { cwd?: string; timeoutMs?: number } = {},
): Promise<{ stdout: string; stderr: string }> {
  return execute(program, [...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: cleanEnvironment(),
    timeout: timeoutMs,
    maxBuffer: 64 * 1024 * 1024,
  });
}
