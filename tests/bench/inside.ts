import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { cleanEnvironment, type World } from "../support/world.ts";

const execute = promisify(execFile);

/** The image the echo plugin made, which every instance of the benchmark has. */
const image = "dockersnap/echo-busybox:1";

export interface Side {
  /** Options of `docker run`. */
  readonly options?: readonly string[];
  /** A busybox applet with its arguments. */
  readonly command: readonly string[];
}

/** Run another container in an instance; disposing it ends it. */
export async function runBeside(
  world: World,
  instance: string,
  name: string,
  { options = [], command }: Side,
): Promise<AsyncDisposable> {
  const docker = (...args: string[]) =>
    execute("docker", ["--host", `unix://${world.runDir}/${instance}.sock`, ...args], { env: cleanEnvironment() });
  await docker("run", "--detach", "--name", name, ...options, "--entrypoint", "/bin/busybox", image, ...command);
  return {
    async [Symbol.asyncDispose]() {
      await docker("rm", "--force", "--volumes", name);
    },
  };
}
