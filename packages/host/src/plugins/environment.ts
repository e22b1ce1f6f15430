import { delimiter, dirname } from "node:path";

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Who runs it, where temporary files go, the language, the way through a proxy and whom to trust on it. */
const inherited = new Set([
  ...["HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LANGUAGE"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "NODE_COMPILE_CACHE"],
]);

export interface PluginEnvironmentOptions {
  readonly logLevel: string;
  /** Where Node keeps what it compiled of plugins. */
  readonly compileCacheDir?: string | undefined;
  /** Further variables of the daemon's that plugins get, by name. */
  readonly passed?: readonly string[];
}

/**
 * What a plugin's process finds in its environment. Of the daemon's own only a short list: a token or a password that
 * somebody gave the daemon in its environment is none of a plugin's business. The daemon's own Node comes first in PATH, so
 * that a plugin that begins with `#!/usr/bin/env node` gets the version it was built for whatever else is installed.
 */
export function pluginEnvironment(
  base: Readonly<Record<string, string | undefined>>,
  { logLevel, compileCacheDir, passed = [] }: PluginEnvironmentOptions,
): Record<string, string | undefined> {
  const kept = Object.entries(base).filter(
    ([name]) => inherited.has(name) || name.startsWith("LC_") || passed.includes(name),
  );
  return {
    ...(compileCacheDir === undefined ? {} : { NODE_COMPILE_CACHE: compileCacheDir }),
    ...Object.fromEntries(kept),
    // biome-ignore lint/complexity/useLiteralKeys: an index signature
    PATH: [dirname(process.execPath), base["PATH"] || defaultPath].join(delimiter),
    DOCKERSNAP_LOG_LEVEL: logLevel,
  };
}
