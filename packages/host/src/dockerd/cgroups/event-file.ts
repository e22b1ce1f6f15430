import { readFile } from "node:fs/promises";
import { onChange } from "../../process/changes.ts";
import { hasErrno } from "../../process/errno.ts";

/**
 * Wait until a kernel's event file (`cgroup.events`) satisfies `holds`. A file that is not there any more, because its
 * group was removed, ends the wait too. Rejects with the signal's reason.
 */
export async function untilEvent(file: string, holds: (text: string) => boolean, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const look = () => {
    readFile(file, "utf8").then(
      (text) => {
        if (holds(text)) resolve();
      },
      (error: unknown) => (isMissing(error) ? resolve() : reject(error)),
    );
  };
  const abort = () => reject(signal.reason);

  let watcher: { close(): void };
  try {
    // Armed before the first look, or a change between the two would go unseen.
    watcher = onChange(file, look);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  signal.addEventListener("abort", abort, { once: true });
  look();
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", abort);
    watcher.close();
  }
}

/** ENODEV is what a file of a removed control group answers while somebody still holds it open. */
export function isMissing(error: unknown): boolean {
  return hasErrno(error, "ENOENT", "ENODEV");
}
