import { hasErrno } from "../process/errno.ts";
import { whyUntrusted } from "./ownership.ts";
import { beginningOf, isProgram } from "./program.ts";

/**
 * Why this file of the plugins' folder `root` is not run as the daemon, or undefined. Asked before every call: who may write
 * to it can change after the plugin was loaded. A file that is gone is for the call itself to fail on.
 */
export async function whyRefused(file: string, root: string): Promise<string | undefined> {
  try {
    const distrust = await whyUntrusted(file, root);
    if (distrust !== undefined) return distrust;
    if (isProgram(await beginningOf(file))) return undefined;
    return `${file} begins neither with '#!' nor as a binary: begin it with a line such as #!/usr/bin/env bash.`;
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
