import { DockersnapError, type PluginInput, type ProgressEvent } from "@dockersnap/contract";
import type { CommandAhead, Log, StreamingCommand } from "@dockersnap/core";
import type { PluginCall, PluginRunner, Streamed } from "./runner.ts";
import { judge, stream } from "./stream.ts";

type Call = Pick<PluginCall, "plugin" | "path"> & { readonly command: StreamingCommand; readonly instance: string };

/**
 * Start the process of a command that comes later, of a plugin that says it does nothing before it has read its input. One
 * that does not keep to this, or ends while it waits, is put aside, and the command runs in a process of its own as any other.
 */
export function startAhead(runner: PluginRunner, call: Call, log: Log): CommandAhead {
  const turn = Promise.withResolvers<PluginInput>();
  const stop = new AbortController();
  let report: ((event: ProgressEvent) => void) | undefined;
  let isPutAside = false;
  const putAside = (why: string) => {
    isPutAside = true;
    log.warn(`a process that was to wait for its input ${why}; the plugin is started again`, {
      plugin: call.plugin,
      command: call.command,
      instance: call.instance,
    });
  };

  const running = runner.stream({ ...call, input: turn.promise, signal: stop.signal }, (event) => {
    if (report !== undefined) return report(event);
    putAside("reported progress without one");
    // Whoever listens and throws has the process ended.
    throw new Error("It was not its turn.");
  });
  const ended = running.then(
    () => undefined,
    () => undefined,
  );
  void ended.then(() => {
    if (report === undefined && !stop.signal.aborted && !isPutAside) putAside("ended");
  });

  return {
    async stream(input, onProgress, { signal } = {}) {
      if (!isPutAside) return judge(call, await withInput(input, onProgress, signal));
      await ended;
      await stream(runner, { ...call, input, signal }, onProgress);
    },
    async drop() {
      stop.abort(new DockersnapError("cancelled", `Plugin '${call.plugin}' is not needed for '${call.command}'.`));
      await ended;
    },
  };

  async function withInput(
    input: PluginInput,
    onProgress: (event: ProgressEvent) => void,
    signal: AbortSignal | undefined,
  ): Promise<Streamed> {
    const cancel = () => stop.abort(signal?.reason);
    signal?.addEventListener("abort", cancel, { once: true });
    if (signal?.aborted) cancel();
    report = onProgress;
    turn.resolve(input);
    try {
      return await running;
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }
}
