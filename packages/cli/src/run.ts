import { dirname, join } from "node:path";
import { main } from "./main.ts";
import { processIo } from "./process-io.ts";

/** Runs the command line in this process. The bundles of the other programs lie beside its own. */
export async function run(argv: readonly string[]): Promise<void> {
  const bundles = join(dirname(process.argv[1] ?? ""), "..");
  const programs = {
    daemonProgram: join(bundles, "daemon", "main.mjs"),
    pluginCheckProgram: join(bundles, "plugin-check", "main.mjs"),
  };
  process.exitCode = await main(argv, processIo(programs));
}
