import type { ServerResponse } from "node:http";
import type { Log } from "@dockersnap/core";

/**
 * Close the connection of a client that takes nothing of its answer for so long. What waits to be sent is in memory, so a
 * client that never reads would hold it for ever. An answer that is not there yet is waited for, however long that takes.
 */
export function cutOffStalled(outgoing: ServerResponse, ms: number, log: Log): void {
  // Node counts every byte the kernel takes as activity.
  outgoing.setTimeout(ms, () => {
    const { socket } = outgoing;
    if (socket === null) return;
    if (socket.writableLength > 0) {
      log.warn("an answer was cut off: the client does not read", { unsent: socket.writableLength });
      socket.destroy();
    } else {
      socket.setTimeout(ms);
    }
  });
}
