import { watch } from "node:fs";

/**
 * Resolves when `holds`, looked at now and at every change in the folder. Rejects with the signal's reason.
 *
 * `watch` of node:fs/promises would not do: it begins to watch when its first event is asked for, so what happens between a
 * look and that is missed.
 */
export function untilInFolder(folder: string, holds: () => boolean, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const watcher = watch(folder, () => look());
    const abort = () => {
      watcher.close();
      reject(signal.reason);
    };
    const look = () => {
      if (!holds()) return;
      watcher.close();
      signal.removeEventListener("abort", abort);
      resolve();
    };
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    else look();
  });
}
