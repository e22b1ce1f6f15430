import type { ProgressEvent } from "@dockersnap/contract";
import type { StreamingCommand } from "@dockersnap/core";
import { commandFailed, notImplemented } from "./failure.ts";
import type { PluginCall, PluginRunner, Streamed } from "./runner.ts";

/** Run a command that tells its progress. Only a `deploy` has to be there: what a plugin has no other command for is done. */
export async function stream(
  runner: PluginRunner,
  call: PluginCall & { readonly command: StreamingCommand },
  onProgress: (event: ProgressEvent) => void,
): Promise<void> {
  judge(call, await runner.stream(call, onProgress));
}

/** Throws for an ending that is none of those a command may come to. */
export function judge({ plugin, command }: PluginCall, streamed: Streamed): void {
  const { ending, stdout, lastError, fault, stderr } = streamed;
  if (fault !== undefined) throw fault.error;
  if (ending.kind === "exit" && ending.code === 0) return;
  if (ending.kind === "exit" && ending.code === notImplemented && command !== "deploy") return;
  throw commandFailed({ plugin, command, ending, stdout, lastError, stderr });
}
