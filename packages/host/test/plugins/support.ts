import { existsSync, watch } from "node:fs";
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { PluginInfo } from "@dockersnap/contract";
import type { Log, PluginHost } from "@dockersnap/core";
import { samples } from "@dockersnap/core/testing";
import { vi } from "vitest";
import { createPluginHost, type PluginHostOptions } from "../../src/plugins/plugin-host.ts";

// Processes are started here, and a busy machine may be slow at that.
vi.setConfig({ testTimeout: 60_000 });

export interface LogEntry {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

/** A log that remembers what was said. */
export function memoryLog(
  entries: LogEntry[] = [],
  context: Record<string, unknown> = {},
): Log & { entries: LogEntry[] } {
  const at =
    (level: LogEntry["level"]) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      entries.push({ level, message, fields: { ...context, ...fields } });
    };
  return {
    entries,
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => memoryLog(entries, { ...context, ...fields }),
  };
}

export interface Place extends AsyncDisposable {
  readonly dir: string;
  readonly log: ReturnType<typeof memoryLog>;
  readonly host: PluginHost;
  /** Write `<dir>/<path>`, executable. */
  write(path: string, text: string, mode?: number): Promise<string>;
  /** Install a bash plugin whose commands are the bodies of a case statement, and take it in. */
  install(name: string, commands: Readonly<Record<string, string>>): Promise<PluginInfo>;
}

/** A folder of plugins of its own, and a host on it. */
export async function place(options: Partial<PluginHostOptions> = {}): Promise<Place> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "dockersnap-plugins-test-")));
  const log = memoryLog();
  const host = createPluginHost({ dir, logLevel: "info", log, ...options });
  const write = async (path: string, text: string, mode = 0o755) => {
    const file = join(dir, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    await writeFile(file, text, { mode });
    // The mode given to `writeFile` is narrowed by the umask.
    await chmod(file, mode);
    return file;
  };
  return {
    dir,
    log,
    host,
    write,
    async install(name, commands) {
      await write(`${name}/${name}`, bashPlugin(name, commands));
      const info = (await host.reload()).find((plugin) => plugin.name === name);
      if (info === undefined) throw new Error(`${name} was not found`);
      return info;
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

export function bashPlugin(name: string, commands: Readonly<Record<string, string>>): string {
  const cases = Object.entries({ schema: answer(schemaOf(name)), init: "true", ...commands });
  return `#!/bin/bash
case "$1" in
${cases.map(([command, body]) => `${command})\n${body}\n;;`).join("\n")}
*) exit 64 ;;
esac
`;
}

export const schemaOf = (name: string, more: Record<string, unknown> = {}) => ({
  contract_version: "1",
  supported_contract_versions: ["1"],
  plugin_name: name,
  plugin_version: "1.2.3",
  ...more,
});

/** A line of bash that prints this value as one line of JSON. */
export const answer = (value: unknown) => `cat <<'END'\n${JSON.stringify(value)}\nEND`;

export const input = samples.pluginInput;

/** Resolves once a plugin has made `<dir>/<name>`. */
export async function appears(dir: string, name: string): Promise<void> {
  const isThere = Promise.withResolvers<void>();
  using watcher = disposable(watch(dir, () => look()));
  const look = () => {
    if (existsSync(join(dir, name))) isThere.resolve();
  };
  watcher.on("error", isThere.reject);
  look();
  await isThere.promise;
}

const disposable = <T extends { close(): void }>(resource: T): T & Disposable =>
  Object.assign(resource, { [Symbol.dispose]: () => resource.close() });
