import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Log } from "@dockersnap/core";

/** Nobody sends so many requests on one connection without reading an answer, unless to fill memory with answers. */
const mostUnanswered = 32;

/** The answers that each connection still waits for. */
const unanswered = new WeakMap<Socket, number>();

/** Close a connection that asks again and again and does not take what it is answered: every answer waits in memory. */
export function cutOffPipelined(socket: Socket, outgoing: ServerResponse, log: Log): void {
  const count = (unanswered.get(socket) ?? 0) + 1;
  unanswered.set(socket, count);
  outgoing.once("close", () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
  if (count <= mostUnanswered || socket.destroyed) return;
  log.warn("a connection was cut off: too many requests on it wait for their answers", { unanswered: count });
  socket.destroy();
}
