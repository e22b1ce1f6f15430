#!/usr/bin/env node
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { type CheckLine, CheckRequest, DockersnapError } from "@dockersnap/contract";
import { checkPlugin } from "./check.ts";

/**
 * Checks one plugin for the command line, which started it: a `CheckRequest` is the first line of stdin, and stdin's end
 * is the end of whoever asked; each line of stdout is a `CheckLine`. Exits with 0 when every rule holds, else with 1.
 */
async function main(): Promise<number> {
  const stop = new AbortController();
  process.on("SIGINT", () => stop.abort(new Error("it was interrupted")));
  process.on("SIGTERM", () => stop.abort(new Error("it was ended")));
  const lines = createInterface({ input: process.stdin });
  lines.once("close", () => stop.abort(new Error("whoever asked is gone")));
  const asked = await new Promise<string>((resolve, reject) => {
    lines.once("line", resolve);
    stop.signal.addEventListener("abort", () => reject(stop.signal.reason), { once: true });
  });
  const onLine = (line: CheckLine) => writeLine(line, stop);
  try {
    return (await checkPlugin(CheckRequest.parse(JSON.parse(asked)), { onLine, signal: stop.signal })) ? 0 : 1;
  } catch (error) {
    if (error instanceof DockersnapError) onLine({ kind: "refused", code: error.code, message: error.message });
    else if (!stop.signal.aborted) throw error;
    return 1;
  }
}

function writeLine(line: CheckLine, stop: AbortController): void {
  try {
    writeSync(1, `${JSON.stringify(line)}\n`);
  } catch (error) {
    stop.abort(error);
  }
}

process.exitCode = await main();
process.exit();
