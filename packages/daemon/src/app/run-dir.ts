import { existsSync, readFileSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { EngineHost, Log, Records } from "@dockersnap/core";
import { moveEngineFiles } from "@dockersnap/host";

/** Folders of the daemon's own in its run folder. No instance can be called so. */
export const ownFolders = { calls: "_calls", pipes: "_pipes" } as const;

/** Written once the daemon listens. */
export const pidFileIn = (runDir: string) => join(runDir, "_daemon.pid");

/** A container may have ten seconds to end, or as long as it was given. */
const stopTimeoutMs = 60_000;

interface Move {
  readonly from: string;
  readonly to: string;
  readonly records: Pick<Records, "instances">;
  /** The engines as they are found in `from`. */
  readonly engines: EngineHost;
  readonly log: Log;
}

/**
 * Take up what this daemon has in the run folder it used before. Engines run on where their files can be moved; on another
 * file system they cannot, and the engine is shut down there, to be started anew. Only instances of these records are
 * touched: another daemon may use that folder by now. Twice changes nothing.
 */
export async function takeUpRunDir({ from, to, records, engines, log }: Move): Promise<void> {
  log.info("the run folder is another one than before; engines are taken along", { from, to });
  for (const { name } of records.instances.all()) {
    try {
      await moveEngineFiles(name, from, to);
    } catch (error) {
      log.warn("an engine cannot be taken along to the new run folder and is shut down; it is started anew", {
        instance: name,
        error,
      });
      await engines.stop(name, AbortSignal.timeout(stopTimeoutMs)).catch(() => engines.kill(name));
    }
  }
  if (!isAlive(from)) {
    for (const folder of Object.values(ownFolders)) moveFolder(join(from, folder), join(to, folder));
    rmSync(pidFileIn(from), { force: true });
  }
  removeIfEmpty(from);
}

/** Whether a daemon, which is another one then, uses this folder. */
function isAlive(runDir: string): boolean {
  try {
    return existsSync(`/proc/${Number(readFileSync(pidFileIn(runDir), "utf8"))}`);
  } catch {
    return false;
  }
}

function moveFolder(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch {
    // Not there, or on another file system: what the folder was for is over with the daemon that made it.
    rmSync(from, { recursive: true, force: true });
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Somebody else's files are in it, or it is gone already.
  }
}
