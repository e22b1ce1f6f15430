import { existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { DockersnapError } from "@dockersnap/contract/words";
import { hasErrno } from "../process/errno.ts";
import { setSocket } from "./configuration.ts";
import type { EngineEnvironment } from "./engine.ts";
import { anyFileLeft, checkSocketPath, type RuntimeFiles, readRecord, runtimeFiles } from "./runtime-files.ts";

/**
 * Give an engine's files another name while it runs. Its socket goes on accepting: the kernel finds a listener by
 * the file, whatever that is called. One that was killed on the way is completed by the next.
 */
export async function renameEngine({ runDir }: EngineEnvironment, from: string, to: string): Promise<void> {
  const [before, after] = [runtimeFiles(runDir, from), runtimeFiles(runDir, to)];
  checkSocketPath(to, after);
  if (readRecord(existsSync(before.folder) ? before : after) === undefined) {
    throw new DockersnapError("wrong_state", `The engine of '${from}' cannot become that of '${to}': it is gone.`);
  }
  await moveFiles(before, after);
}

/**
 * Move the files of an engine to another run folder while it runs, as `renameEngine` does. Without any, nothing is done. Rejects
 * with `EXDEV` where that folder is on another file system.
 */
export async function moveEngineFiles(name: string, from: string, to: string): Promise<void> {
  const [before, after] = [runtimeFiles(from, name), runtimeFiles(to, name)];
  if (!anyFileLeft(before)) return;
  checkSocketPath(name, after);
  await moveFiles(before, after);
}

async function moveFiles(before: RuntimeFiles, after: RuntimeFiles): Promise<void> {
  if (existsSync(before.folder)) {
    await setSocket(before, after.socket);
    // First of all that moves: as long as anything is left under a name, this folder is found by it.
    await rename(before.folder, after.folder);
  }
  await Promise.all([moveIfThere(before.socket, after.socket), moveIfThere(before.pidFile, after.pidFile)]);
}

async function moveIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!hasErrno(error, "ENOENT")) throw error;
  }
}
