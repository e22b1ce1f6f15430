import { CommandError } from "../process/commandError.ts";
import { run } from "../process/run.ts";

/** A sync this short says that little was dirty. */
const shortMs = 100;

/** What writers at full speed made dirty during one sync is less after each further one. */
const mostSyncs = 3;

/** A sync that takes longer is left to itself; the snapshot is then as long as it is. */
const longMs = 60_000;

/**
 * Write out what is dirty in the pool, again while it takes long, for what was written meanwhile is dirty
 * again. Resolves at once when `signal` aborts, though the kernel may go on writing.
 */
export async function settle(mount: string, signal: AbortSignal): Promise<void> {
  for (let left = mostSyncs; left > 0 && !signal.aborted; left -= 1) {
    const begun = performance.now();
    await untilAborted(sync(mount, signal), signal);
    if (performance.now() - begun < shortMs) return;
  }
}

async function sync(mount: string, signal: AbortSignal): Promise<void> {
  try {
    await run("sync", ["--file-system", mount], { signal, timeoutMs: longMs });
  } catch (error) {
    if (error instanceof CommandError && (error.reason === "timeout" || error.reason === "cancelled")) return;
    throw error;
  }
}

/** A sync in the kernel cannot be interrupted, so its caller is let go instead. */
function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abandon = () => resolve();
    signal.addEventListener("abort", abandon, { once: true });
    work.finally(() => signal.removeEventListener("abort", abandon)).then(resolve, reject);
  });
}
