#!/usr/bin/env node
import { parseArgs } from "node:util";
import { DockersnapError } from "@dockersnap/contract/words";
import { doctor } from "./doctor/doctor.ts";
import { serve } from "./serve.ts";

const usage = `Usage: dockersnap serve [--config <file>]
       dockersnap doctor [--config <file>] [--fix]
`;

/** The daemon's own entry; `dockersnap serve` and `dockersnap doctor` run it. Resolves with the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { config: { type: "string" }, fix: { type: "boolean" }, help: { type: "boolean", short: "h" } },
  });
  const [verb, ...rest] = positionals;
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  if (rest.length === 0 && verb === "serve" && values.fix === undefined) return serve({ configFile: values.config });
  if (rest.length === 0 && verb === "doctor") return doctor({ configFile: values.config, fix: values.fix === true });
  process.stderr.write(usage);
  return 2;
}

try {
  process.exitCode = await main(process.argv.slice(2));
  // A daemon that has ended waits for nobody: an operation it gave up on may still hold a socket or a plugin's pipe open.
  if (process.argv[2] === "serve") process.exit();
} catch (error) {
  const isUsage = error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
  const sentence =
    error instanceof DockersnapError || isUsage ? error.message : `${error instanceof Error ? error.stack : error}`;
  process.stderr.write(`dockersnap: ${sentence}\n${isUsage ? usage : ""}`);
  process.exitCode = isUsage ? 2 : 1;
}
