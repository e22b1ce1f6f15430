import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { serve } from "@dockersnap/daemon";

/**
 * The daemon as it is, `serve --config <file>`, on a clock that is wrong by as many milliseconds as the file `clock-ahead` beside
 * its configuration says: the machine's own clock belongs to everything else that runs on it. It runs from the sources.
 */
const { values } = parseArgs({ allowPositionals: true, options: { config: { type: "string" } } });
const configFile = values.config ?? "";
const aheadFile = join(dirname(configFile), "clock-ahead");

process.exitCode = await serve({
  configFile,
  clock: {
    now: () => new Date(Date.now() + Number(readFileSync(aheadFile, "utf8"))),
    monotonic: () => performance.now(),
    sinceBoot: () => ({ boot: "this one", ms: uptime() * 1000 }),
    after(ms, work) {
      const timer = setTimeout(work, ms);
      timer.unref();
      return () => clearTimeout(timer);
    },
  },
});
