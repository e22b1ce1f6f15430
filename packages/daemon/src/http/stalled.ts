import type { ServerResponse } from "node:http";
import type { Log } from "@dockersnap/core";

/** So often it is looked, in the time a client has, whether it took something. */
const looks = 4;

/**
 * Close the connection of a client that takes nothing of its answer for so long. What waits to be sent is in memory, so a
 * client that never reads would hold it for ever. An answer that is not there yet is waited for, however long that takes.
 */
export function cutOffStalled(outgoing: ServerResponse, ms: number, log: Log): void {
  const eachMs = ms / looks;
  let silent = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  let lastTaken = -1;
  outgoing.setTimeout(eachMs, () => {
    const { socket } = outgoing;
    if (socket === null) return;
    const [now, unsent] = [performance.now(), socket.writableLength];
    const taken = socket.bytesWritten - unsent;
    // Node counts what the kernel took of one large write only when the time is up, and then begins it anew without a call.
    const isMissed = now - lastAt >= 1.9 * eachMs;
    silent = unsent === 0 ? 0 : isMissed || taken !== lastTaken ? 1 : silent + 1;
    [lastAt, lastTaken] = [now, taken];
    if (silent >= looks) {
      log.warn("an answer was cut off: the client does not read", { unsent });
      socket.destroy();
    } else {
      socket.setTimeout(eachMs);
    }
  });
}
