import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { onChange } from "../../process/changes.ts";
import { answersPing } from "./request.ts";

/** Resolves once dockerd answers on the socket, which need not exist yet. Rejects with the signal's reason. */
export async function untilAnswering(socket: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const name = basename(socket);
  let asking = false;
  let retry: NodeJS.Timeout | undefined;

  const ask = async () => {
    if (asking || !existsSync(socket)) return;
    asking = true;
    const answered = await answersPing(socket, signal);
    asking = false;
    if (answered) resolve();
    // The file appears with bind(2), connections are taken from listen(2) on, and nothing tells of the latter.
    else if (!signal.aborted) retry = setTimeout(ask, 2);
  };
  const abort = () => reject(signal.reason);

  // Armed before the first look, or a socket made between the two would go unseen.
  const watcher = onChange(dirname(socket), (entry) => {
    if (entry === undefined || entry === name) void ask();
  });
  signal.addEventListener("abort", abort, { once: true });
  void ask();
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", abort);
    clearTimeout(retry);
    watcher.close();
  }
}
