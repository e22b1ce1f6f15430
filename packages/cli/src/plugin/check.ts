import {
  type CheckLine,
  type CheckReport,
  type CheckRequest,
  DockersnapError,
  isErrorCode,
} from "@dockersnap/contract/words";
import type { Io } from "../io.ts";

export interface CheckWatcher {
  begin(plugin: string, path: string): void;
  result(result: CheckReport["results"][number]): void;
}

/**
 * Have the checking program look at a plugin, telling each rule as it comes. When `signal` aborts, the report is what was
 * found out until then.
 */
export async function runCheck(
  request: CheckRequest,
  io: Io,
  watcher: CheckWatcher,
  signal: AbortSignal,
): Promise<CheckReport> {
  let plugin = "";
  let path = request.path;
  let holds: boolean | undefined;
  const results: CheckReport["results"] = [];
  let refusal: Extract<CheckLine, { kind: "refused" }> | undefined;
  const onLine = (text: string) => {
    const line = JSON.parse(text) as CheckLine;
    if (line.kind === "plugin") {
      ({ plugin, path } = line);
      watcher.begin(plugin, path);
    } else if (line.kind === "result") {
      results.push(line.result);
      watcher.result(line.result);
    } else if (line.kind === "end") holds = line.holds;
    else refusal = line;
  };
  const code = await io.converse(process.execPath, [io.pluginCheckProgram], {
    firstLine: JSON.stringify(request),
    onLine,
    signal,
  });
  if (refusal !== undefined) {
    throw new DockersnapError(isErrorCode(refusal.code) ? refusal.code : "invalid_request", refusal.message);
  }
  if (holds === undefined && !signal.aborted) {
    throw new Error(`The checking program ${io.pluginCheckProgram} ended with ${code} before it was through.`);
  }
  return { plugin, path, holds: holds === true, results };
}
