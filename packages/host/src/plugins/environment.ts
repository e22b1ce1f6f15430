import { delimiter, dirname } from "node:path";

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * What a plugin's process finds in its environment: the daemon's, with the daemon's own Node first in PATH, so that a
 * plugin that begins with `#!/usr/bin/env node` gets the version it was built for whatever else is installed.
 */
export function pluginEnvironment(
  base: Readonly<Record<string, string | undefined>>,
  logLevel: string,
): Record<string, string | undefined> {
  return {
    ...base,
    // biome-ignore lint/complexity/useLiteralKeys: an index signature
    PATH: [dirname(process.execPath), base["PATH"] || defaultPath].join(delimiter),
    DOCKERSNAP_LOG_LEVEL: logLevel,
  };
}
