import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { onChange } from "../process/changes.ts";

/** Resolves when the file is not there any more. Rejects with the signal's reason. */
export async function untilRemoved(file: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const look = () => {
    if (!existsSync(file)) resolve();
  };
  const abort = () => reject(signal.reason);
  const watcher = onChange(dirname(file), (entry) => {
    if (entry === undefined || entry === basename(file)) look();
  });
  signal.addEventListener("abort", abort, { once: true });
  look();
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", abort);
    watcher.close();
  }
}
