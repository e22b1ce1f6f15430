import { dirname, join } from "node:path";
import { main } from "./main.ts";
import { processIo } from "./process-io.ts";

/** Runs the command line in this process. The daemon's bundle lies beside the one of the command line. */
export async function run(argv: readonly string[]): Promise<void> {
  const daemonProgram = join(dirname(process.argv[1] ?? ""), "..", "daemon", "main.mjs");
  process.exitCode = await main(argv, processIo(daemonProgram));
}
