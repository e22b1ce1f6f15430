import { dirname, join } from "node:path";
import { main } from "./main.ts";
import { processIo } from "./process-io.ts";

/** Runs the command line in this process. The other programs and the SDK lie beside its own bundle. */
export async function run(argv: readonly string[]): Promise<void> {
  const bundles = join(dirname(process.argv[1] ?? ""), "..");
  const installed = {
    daemonProgram: join(bundles, "daemon", "main.mjs"),
    pluginCheckProgram: join(bundles, "plugin-check", "main.mjs"),
    pluginSdkFolder: join(bundles, "plugin-sdk"),
  };
  process.exitCode = await main(argv, processIo(installed));
}
