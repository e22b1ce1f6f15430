import { readFileSync, statSync } from "node:fs";
import { DockersnapError } from "@dockersnap/contract/words";
import { refusedOptions } from "@dockersnap/host";
import { isLoopback } from "../http/loopback.ts";
import { readEnvironment } from "./environment.ts";
import { readFile, type Written } from "./file.ts";
import { type Config, type KeyName, keyNames, keys, type Values } from "./keys.ts";
import { Problems, placed } from "./problems.ts";
import { realPath } from "./real-path.ts";
import type { ValueType } from "./types.ts";

/** Read when it is there and no other file was named. */
export const defaultConfigFile = "/etc/dockersnap/config.yaml";

const shortToken = 16;

export interface LoadedConfig {
  readonly config: Config;
  /** The file that was read, if there was one. */
  readonly file: string | undefined;
  /** What works and should be changed all the same. */
  readonly warnings: readonly string[];
}

/**
 * The settings from the file and the environment, which wins. `file` must exist when it is given. Rejects a
 * configuration with any problem as `invalid_request`, all problems with their places in one message.
 */
export function loadConfig(options: { file?: string | undefined; environment: NodeJS.ProcessEnv }): LoadedConfig {
  const problems = new Problems();
  const source = readSource(options.file);
  const warnings: string[] = [];
  const fromFile =
    source === undefined ? new Map<KeyName, Written>() : readFile(source.file, source.text, problems, warnings);
  const written = new Map([...fromFile, ...readEnvironment(options.environment, problems)]);

  const values = parseAll(written, problems, warnings);
  warnings.push(...idleKeys(values, written));
  const proxyBind = values["api.proxy_bind"] ?? bindLike(values["api.listen"].host);
  checkTogether(values, written, problems);
  if (proxyBind === undefined) {
    problems.add(
      written.get("api.listen")?.origin,
      "api.proxy_bind: expected an IPv4 address, because api.listen is an IPv6 address and ports are forwarded on IPv4",
    );
  }
  problems.throwIfAny();
  return {
    config: nest({ ...values, ...placesOf(values), "api.proxy_bind": proxyBind }),
    file: source?.file,
    warnings: [...warnings, ...warningsOf(values, fromFile.has("api.token") ? source : undefined)],
  };
}

interface Source {
  readonly file: string;
  readonly text: string;
  /** Whether anybody on this machine may read it. */
  readonly readableByAll: boolean;
}

function readSource(asked: string | undefined): Source | undefined {
  const file = asked ?? defaultConfigFile;
  try {
    return { file, text: readFileSync(file, "utf8"), readableByAll: (statSync(file).mode & 0o004) !== 0 };
  } catch (error) {
    if (asked === undefined && error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    const words = error instanceof Error ? error.message : String(error);
    throw new DockersnapError("invalid_request", `The configuration file ${file} cannot be read: ${words}.`, {
      cause: error,
    });
  }
}

function parseAll(written: ReadonlyMap<KeyName, Written>, problems: Problems, warnings: string[]): Values {
  const values = keyNames.map((name) => {
    const { type, fallback } = keys[name];
    const given = written.get(name);
    if (given === undefined || given.text === "") return [name, fallback];
    if (name.startsWith("plugins.timeouts.") && /^0(ms|s|m|h)?$/.test(given.text)) {
      const usual = (type as ValueType<unknown>).show(fallback);
      warnings.push(
        placed(given.origin, `${name} is 0, which is no time at all: it is ${usual}, as without this key.`),
      );
      return [name, fallback];
    }
    const value = type.parse(given.text);
    if (value === undefined) problems.addValue(given.origin, name, given.text);
    return [name, value ?? fallback];
  });
  return Object.fromEntries(values) as Values;
}

/** Folders that are known again by their paths: in the kernel's lists, and by the next daemon. */
function placesOf(values: Values): Partial<Values> {
  const pool = values["btrfs.path"];
  return {
    state_dir: realPath(values.state_dir),
    run_dir: realPath(values.run_dir),
    "btrfs.path": pool === undefined ? undefined : realPath(pool),
  };
}

function nest(values: Readonly<Record<string, unknown>>): Config {
  const root: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    const sections = name.split(".");
    const last = sections.pop() ?? name;
    let section = root;
    for (const word of sections) {
      const inner = (section[word] ?? {}) as Record<string, unknown>;
      section[word] = inner;
      section = inner;
    }
    section[last] = value;
  }
  return root as Config;
}

/** What each value alone cannot tell. */
function checkTogether(values: Values, written: ReadonlyMap<KeyName, Written>, problems: Problems): void {
  const at = (...names: KeyName[]) => names.map((name) => written.get(name)?.origin).find((origin) => origin);
  const listen = values["api.listen"];
  if (!isLoopback(listen.host) && values["api.token"] === undefined) {
    problems.add(
      at("api.listen"),
      `api.listen: ${keys["api.listen"].type.show(listen)} is reachable from other machines, and whoever reaches the API is root here. Set api.token, or listen on 127.0.0.1`,
    );
  }
  for (const sentence of refusedOptions(values["docker.engine"])) {
    problems.add(at("docker.engine"), `docker.engine: ${sentence}`);
  }
  if (values["storage.driver"] === "zfs") {
    problems.add(at("storage.driver"), "storage.driver: this build has the btrfs driver only. Choose btrfs or auto");
  }
  const prefix = values["network.subnet_size"];
  const size = 2 ** (32 - prefix);
  if (toNumber(values["network.base_offset"]) % size !== 0) {
    problems.add(
      at("network.base_offset", "network.subnet_size"),
      `network.base_offset: expected the first address of a /${prefix} subnet, got ${values["network.base_offset"]}`,
    );
  }
  const offset = toNumber(values["network.metallb_host_offset"]);
  if (offset <= 3 || offset >= size - 1) {
    problems.add(
      at("network.metallb_host_offset", "network.subnet_size"),
      `network.metallb_host_offset: expected an address inside a /${prefix} subnet, after the first four, got ${values["network.metallb_host_offset"]}`,
    );
  }
}

/** Keys that are set and of which nothing depends, with the driver there is. */
function idleKeys(values: Values, written: ReadonlyMap<KeyName, Written>): string[] {
  if (values["storage.driver"] === "zfs") return [];
  return (["zfs.pool", "zfs.dataset_prefix"] as const).flatMap((name) => {
    const given = written.get(name);
    if (given === undefined || given.text === "") return [];
    return [placed(given.origin, `${name} has no effect: instances are kept on btrfs, see storage.driver.`)];
  });
}

function warningsOf(values: Values, tokenSource: Source | undefined): string[] {
  const warnings: string[] = [];
  const token = values["api.token"];
  if (token !== undefined && tokenSource?.readableByAll === true) {
    warnings.push(
      `${tokenSource.file} holds api.token and everyone on this machine may read it. Run: chmod 600 ${tokenSource.file}`,
    );
  }
  if (token !== undefined && token.length < shortToken) {
    warnings.push(`api.token has fewer than ${shortToken} characters and can be guessed. Take a longer, random one.`);
  }
  return warnings;
}

/** The IPv4 address that stands for the same reach, or undefined for an IPv6 address that has none. */
function bindLike(host: string): string | undefined {
  if (host === "localhost" || host === "::1") return "127.0.0.1";
  if (host === "::") return "0.0.0.0";
  return host.includes(":") ? undefined : host;
}

function toNumber(dotted: string): number {
  return dotted.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}
