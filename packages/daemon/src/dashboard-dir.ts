import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The built dashboard: beside the daemon's bundle, or in the checkout's `dist` when the sources are run as they are. */
export const dashboardDir: string = (() => {
  const here = dirname(fileURLToPath(import.meta.url));
  const beside = join(here, "..", "dashboard");
  return existsSync(beside) ? beside : join(here, "..", "..", "..", "dist", "dashboard");
})();
