import type { PluginCommand } from "@dockersnap/contract/words";
import { logLevels } from "../log.ts";
import {
  addresses,
  datasetPath,
  duration,
  engineOptions,
  hostName,
  hostOffset,
  inLowerCase,
  integer,
  ipv4,
  listenAddress,
  oneOf,
  path,
  poolName,
  program,
  proxyUrl,
  size,
  text,
  token,
  type ValueType,
  variableNames,
} from "./types.ts";

/** One setting. `T` includes undefined where it may be left unset. */
export interface Key<T> {
  readonly type: ValueType<NonNullable<T>>;
  readonly fallback: T;
  /** What holds where there is no value, for those that may be left unset. */
  readonly unset?: string;
  /** An empty value is the same as none. */
  readonly mayBeEmpty?: true;
  /** The value is never shown again. */
  readonly secret?: true;
  readonly doc: string;
}

function key<T extends {}>(type: ValueType<T>, fallback: T, doc: string): Key<T> {
  return { type, fallback, doc };
}

function optional<T extends {}>(
  type: ValueType<T>,
  unset: string,
  doc: string,
  more: Pick<Key<T>, "mayBeEmpty" | "secret"> = {},
): Key<T | undefined> {
  return { type, fallback: undefined, unset, doc, ...more };
}

/** The Go daemon's files have `warning` too, and capital letters. */
const logLevel = inLowerCase(oneOf(...logLevels), { warning: "warn" });

const second = 1_000;
const mebibyte = 1_048_576;

const timeoutDefaults: Readonly<Record<PluginCommand, number>> = {
  init: 10 * second,
  schema: 5 * second,
  validate: 30 * second,
  deploy: 600 * second,
  teardown: 120 * second,
  access: 10 * second,
  describe: 10 * second,
  health: 10 * second,
  pre_snapshot: 30 * second,
  post_snapshot: 30 * second,
  post_revert: 30 * second,
  post_clone: 30 * second,
};

type TimeoutKeys = { readonly [C in PluginCommand as `plugins.timeouts.${C}`]: Key<number> };

const timeoutKeys = Object.fromEntries(
  Object.entries(timeoutDefaults).map(([command, fallback]) => [
    `plugins.timeouts.${command}`,
    key(duration(1), fallback, `Timeout of a plugin's \`${command}\` command.`),
  ]),
) as unknown as TimeoutKeys;

/** Every setting there is. Files, the environment, the messages and the reference page all come from this table. */
export const keys = {
  "storage.driver": key(
    oneOf("auto", "btrfs", "zfs"),
    "auto",
    "Storage driver for the instances' data. `auto` means `btrfs`. This build has no `zfs` driver: with it, the daemon does not start.",
  ),
  "storage.warn_at": key(
    integer(1, 99),
    85,
    "Percentage of the pool in use from which it is reported as nearly full, in the log, `health`, `list` and the metrics.",
  ),
  "storage.reserve": optional(
    size(16 * mebibyte),
    "a fiftieth of the pool, at least 64MiB and at most 1GiB",
    "Space in the pool kept in reserve. Below it create, clone, snapshot and revert answer `no_space`; deletes still work.",
  ),
  "zfs.pool": key(poolName, "dockersnap", "The ZFS pool, for the `zfs` driver."),
  "zfs.dataset_prefix": key(datasetPath, "instances", "The dataset in that pool under which instances are created."),
  "btrfs.path": optional(
    path,
    "a pool of the daemon's own, in a file under `state_dir`",
    "A folder on a btrfs filesystem to keep instances in.",
  ),
  "btrfs.size": optional(
    size(1_024 * mebibyte),
    "80 % of the free space, at least 2 GiB",
    "Size of the daemon's own pool when it is created. Its file is sparse: it only takes the disk space that is written to it.",
  ),
  "api.listen": key(
    listenAddress,
    { host: "127.0.0.1", port: 9847 },
    "Where the API and the dashboard listen. Anything but a loopback address needs `api.token`. Port 0 takes any free one.",
  ),
  "api.token": optional(
    token,
    "no token: this machine's own users only",
    "Token that callers send as `Authorization: Bearer …`. Make the file that holds it readable by root only.",
    { secret: true },
  ),
  "api.proxy_bind": optional(
    ipv4,
    "the host part of `api.listen`",
    "The address on which the instances' published ports are reachable; `0.0.0.0` is every one. Ports published on the loopback are reachable on the loopback of the host alone.",
  ),
  "api.advertise_host": optional(
    hostName,
    "the name by which the caller reached the API",
    "The host name or address in the answers of `access` and `use`.",
  ),
  "network.base_offset": key(
    ipv4,
    "10.10.0.0",
    "The first instance's subnet. Each further instance gets the next one.",
  ),
  "network.subnet_size": key(integer(8, 29), 16, "The prefix length of one instance's subnet."),
  "network.metallb_host_offset": key(
    hostOffset,
    "10.10",
    "The last two octets of the address kept for a load balancer inside each instance's subnet.",
  ),
  "docker.dns": key(addresses, [], "Name servers for the instances. Default: those of this machine."),
  "docker.start_timeout": key(
    duration(second),
    60 * second,
    "How long an engine without containers may take to start. Each container and each published port adds to it, as do a CPU limit and a busy machine. An engine whose containers keep coming up is waited for.",
  ),
  "docker.log_max_size": key(size(1_024), 10 * mebibyte, "Size at which a container's log file is rotated."),
  "docker.log_max_file": key(integer(1, 1_000), 3, "Number of log files kept for each container."),
  "docker.proxy.http": optional(proxyUrl, "none", "The proxy for plain HTTP, for engines and plugins.", {
    mayBeEmpty: true,
    secret: true,
  }),
  "docker.proxy.https": optional(proxyUrl, "none", "The proxy for HTTPS, for engines and plugins.", {
    mayBeEmpty: true,
    secret: true,
  }),
  "docker.proxy.no_proxy": optional(text, "none", "Hosts that are reached without the proxy, separated by commas.", {
    mayBeEmpty: true,
  }),
  "docker.engine": key(
    engineOptions,
    {},
    "Options for the Docker engines of all instances, as `daemon.json` has them, such as `registry-mirrors`. `dockersnap create --engine` overrides them for one instance. Changes apply at an engine's next start.",
  ),
  "docker.binary": key(program, "dockerd", "The Docker daemon that runs in each instance."),
  "plugins.dir": key(path, "/usr/local/lib/dockersnap/plugins", "Folder with the plugins' executables."),
  "plugins.environment": key(
    variableNames,
    [],
    "Variables of the daemon's environment that are passed to plugins, in addition to PATH, HOME, language, time zone, proxies and certificates.",
  ),
  "plugins.health_poll_interval": key(
    duration(0),
    30 * second,
    "How often each workload's health is checked. 0: never.",
  ),
  "plugins.health_failure_threshold": key(
    integer(1, 1_000),
    3,
    "Number of failed health checks in a row after which an instance is `unhealthy`.",
  ),
  ...timeoutKeys,
  "snapshots.auto_keep": key(
    duration(60 * second),
    86_400 * second,
    "How long the state that a revert replaced is kept, so that `undo` can bring it back.",
  ),
  "verify.watch": key(
    duration(0),
    10 * second,
    "How long `verify` watches a healthy clone: a container that restarts within this time fails the verification. Set it longer than the slowest such container runs. In health checks, a container that Docker restarted counts as failing for as long.",
  ),
  "standby.max_count": key(
    integer(0, 100),
    4,
    "Maximum number of standby clones, over all snapshots. 0: none, and requests for them are refused.",
  ),
  "standby.max_memory": optional(
    size(mebibyte),
    "a quarter of this machine's memory",
    "Maximum memory of all standby clones together. If another one would exceed it, fewer are kept.",
  ),
  state_dir: key(path, "/var/lib/dockersnap", "Folder for the daemon's state: its records and its own pool."),
  run_dir: key(
    path,
    "/run/dockersnap",
    "Folder for runtime files: the engines' sockets and pid files. It need not survive a reboot. After a change, the daemon's next start moves running engines there; on another file system they are restarted.",
  ),
  log_level: key(logLevel, "info", "Lowest level of messages that are logged."),
} as const satisfies Record<string, Key<unknown> | Key<never>>;

export type KeyName = keyof typeof keys;

type ValueOf<K> = K extends Key<infer T> ? T : never;
export type Values = { readonly [N in KeyName]: ValueOf<(typeof keys)[N]> };

type First<N> = N extends `${infer Head}.${string}` ? Head : N;
type Under<T, P> = { [N in keyof T as N extends `${P & string}.${infer Rest}` ? Rest : never]: T[N] };
type Nested<T> = { readonly [P in First<keyof T> & string]: P extends keyof T ? T[P] : Nested<Under<T, P>> };

/** The settings of one daemon, by their names, sections inside sections: durations in milliseconds, sizes in bytes. */
export type Config = Nested<Omit<Values, "api.proxy_bind"> & { "api.proxy_bind": string }>;

export const keyNames = Object.keys(keys) as KeyName[];

export function isKeyName(name: string): name is KeyName {
  return Object.hasOwn(keys, name);
}

/** The variable that sets a key. */
export function variableOf(name: string): string {
  return `DOCKERSNAP_${name.toUpperCase().replaceAll(".", "_")}`;
}
