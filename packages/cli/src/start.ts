import { statSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { cliVersion, versionFlags } from "./version.ts";

/** The program's first lines: what must not wait for the rest to load. */
async function start(argv: readonly string[]): Promise<void> {
  if (argv.length === 1 && versionFlags.includes(argv[0] ?? "")) {
    process.stdout.write(`${cliVersion}\n`);
    return;
  }
  cacheCompiledCode();
  const { run } = await import("./run.ts");
  await run(argv);
}

/**
 * Keeps compiled code between runs. Whoever can write there runs code with the caller's rights (root's, under sudo with a user's
 * HOME), so only below a folder that is the caller's own and nobody else's. Without it everything works the same.
 */
function cacheCompiledCode(): void {
  const { HOME: home, XDG_CACHE_HOME: cache } = process.env;
  const own = cache || home;
  if (!own) return;
  const found = statSync(own, { throwIfNoEntry: false });
  if (found === undefined || found.uid !== process.geteuid?.() || (found.mode & 0o022) !== 0) return;
  enableCompileCache(cache ? join(cache, "dockersnap") : join(own, ".cache", "dockersnap"));
}

void start(process.argv.slice(2));
