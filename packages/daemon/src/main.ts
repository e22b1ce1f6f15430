#!/usr/bin/env node
import { parseArgs } from "node:util";
import { DockersnapError, printable } from "@dockersnap/contract/words";
import { doctor } from "./doctor/doctor.ts";
import { serve } from "./serve.ts";

const usage = `Usage: dockersnap serve [--config <file>]
       dockersnap doctor [--config <file>] [--fix]
`;

const configLine = "--config <file>  The configuration; without it /etc/dockersnap/config.yaml, where that is there";

const help: Readonly<Record<string, string>> = {
  serve: `Usage: dockersnap serve [--config <file>]

Run the daemon, on this machine and as root, until SIGTERM or Ctrl-C. Engines and their containers go on
running without it, and the next one takes them up again.

Options:
  ${configLine}
  -h, --help       Show this help

Every key of the configuration can be set as a variable too, such as DOCKERSNAP_API_LISTEN for api.listen.
`,
  doctor: `Usage: dockersnap doctor [--config <file>] [--fix]

Check this machine for what the daemon needs, the pool, and what bears the daemon's names and belongs to no
instance. The exit code is 1 where something is wrong.

Options:
  ${configLine}
  --fix            Remove what belongs to no instance; datasets and snapshots are data and stay
  -h, --help       Show this help
`,
};

/** The daemon's own entry; `dockersnap serve` and `dockersnap doctor` run it. Resolves with the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { config: { type: "string" }, fix: { type: "boolean" }, help: { type: "boolean", short: "h" } },
  });
  const [verb, ...rest] = positionals;
  if (values.help === true) {
    process.stdout.write(help[verb ?? ""] ?? usage);
    return 0;
  }
  if (rest.length === 0 && verb === "serve" && values.fix === undefined) return serve({ configFile: values.config });
  if (rest.length === 0 && verb === "doctor") return doctor({ configFile: values.config, fix: values.fix === true });
  process.stderr.write(usage);
  return 2;
}

// A reader that has seen enough (`dockersnap doctor | head`), or a log's reader that ended, is no failure of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
  // A daemon that has ended waits for nobody: an operation it gave up on may still hold a socket or a plugin's pipe open.
  if (process.argv[2] === "serve") process.exit();
} catch (error) {
  const isUsage = error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
  const sentence =
    error instanceof DockersnapError || isUsage ? error.message : `${error instanceof Error ? error.stack : error}`;
  process.stderr.write(`dockersnap: ${printable(sentence)}\n${isUsage ? usage : ""}`);
  process.exitCode = isUsage ? 2 : 1;
}
