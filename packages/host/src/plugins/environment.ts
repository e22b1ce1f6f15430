import { delimiter, dirname } from "node:path";

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * What a plugin's process finds in its environment: the daemon's, with the daemon's own Node first in PATH, so that a
 * plugin that begins with `#!/usr/bin/env node` gets the version it was built for whatever else is installed,
 * and a folder where that Node keeps what it compiled, so that the next start of the plugin is shorter.
 */
export function pluginEnvironment(
  base: Readonly<Record<string, string | undefined>>,
  logLevel: string,
  compileCacheDir: string | undefined,
): Record<string, string | undefined> {
  return {
    ...(compileCacheDir === undefined ? {} : { NODE_COMPILE_CACHE: compileCacheDir }),
    ...base,
    // biome-ignore lint/complexity/useLiteralKeys: an index signature
    PATH: [dirname(process.execPath), base["PATH"] || defaultPath].join(delimiter),
    DOCKERSNAP_LOG_LEVEL: logLevel,
  };
}
