import type { EngineOptions } from "@dockersnap/contract/words";

type Contents = Readonly<Record<string, unknown>>;

const socket = "callers reach an engine through its own socket";
const containerd = "each engine has a containerd of its own";
const forwarding = "ports are forwarded to containers through dockerd's own rules";
const log = "dockersnap reads dockerd's log to say why an engine failed";

/** What dockersnap sets or depends on itself, and why. */
const ownOptions: Readonly<Record<string, string>> = {
  "data-root": "an engine keeps its data in its instance's dataset, where snapshots are taken",
  graph: "an engine keeps its data in its instance's dataset, where snapshots are taken",
  "userns-remap": "it moves the engine's data to another folder, where no snapshot would find it",
  "storage-driver": "snapshots, diffs and partial reverts read the data of overlay2",
  "storage-opts": "snapshots, diffs and partial reverts read the data of overlay2",
  "exec-root": "its files lie in the instance's runtime folder",
  pidfile: "its files lie in the instance's runtime folder",
  "deprecated-key-path": "each engine has a Docker ID of its own",
  hosts: socket,
  group: socket,
  tls: socket,
  tlscacert: socket,
  tlscert: socket,
  tlskey: socket,
  tlsverify: socket,
  containerd,
  "containerd-namespace": containerd,
  "containerd-plugins-namespace": containerd,
  "cgroup-parent": "an instance's limits hold for the control group its containers are in",
  "exec-opts": "an instance's limits hold for the control group its containers are in",
  "oom-score-adjust": "when memory runs out, containers have to go before their engine",
  bridge: forwarding,
  iptables: forwarding,
  "ip-forward": forwarding,
  "ip-masq": forwarding,
  "shutdown-timeout": "an engine that does not stop in time is ended with its instance",
  "log-format": log,
  "raw-logs": log,
};

/** Of these drivers `docker.log_max_size` and `docker.log_max_file` are options too. */
const driversWithFiles = new Set<unknown>(["json-file", "local"]);

/**
 * A sentence for each option that cannot be passed on, with its name and the reason. Whether dockerd knows the others, and takes
 * their values, is dockerd's to say when it starts.
 */
export function refusedOptions(options: EngineOptions): readonly string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const owned = Object.hasOwn(ownOptions, name) ? ownOptions[name] : undefined;
    if (owned !== undefined) return [`The engine option '${name}' cannot be set: ${owned}. Leave it out.`];
    const expected = wrongForm(name, value);
    return expected === undefined ? [] : [`The engine option '${name}' has to be ${expected}.`];
  });
}

/** Those that are merged with what dockersnap sets, or acted by, have to be what they look like. */
function wrongForm(name: string, value: unknown): string | undefined {
  if (name === "live-restore") return typeof value === "boolean" ? undefined : "true or false";
  if (name === "log-driver") return typeof value === "string" ? undefined : "the name of a log driver";
  if (name === "log-opts") return isObject(value) ? undefined : 'an object, such as {"max-size": "50m"}';
  if (name !== "features") return undefined;
  if (!isObject(value)) return 'an object, such as {"buildkit": true}';
  return value["containerd-snapshotter"] === true
    ? "without containerd-snapshotter: images have to lie in the data-root, or no snapshot would hold them"
    : undefined;
}

/** The options of all engines of this host with those of one of them, which win. */
export function joinedOptions(host: EngineOptions, own: EngineOptions): EngineOptions {
  const { "log-opts": logOptions, ...others } = host;
  // Options of one log driver mean nothing to another.
  return { ...(Object.hasOwn(own, "log-driver") || logOptions === undefined ? others : host), ...own };
}

/** dockerd's configuration with these options in it. What is dockersnap's own stays, whatever an older record says. */
export function withOptions(ours: Contents, options: EngineOptions): Contents {
  const passed = Object.fromEntries(Object.entries(options).filter(([name]) => !Object.hasOwn(ownOptions, name)));
  const driver = passed["log-driver"] ?? ours["log-driver"];
  const contents = {
    ...ours,
    ...passed,
    "log-opts": {
      ...(driversWithFiles.has(driver) ? object(ours["log-opts"]) : {}),
      ...texts(object(passed["log-opts"])),
    },
    features: { ...object(passed.features), ...object(ours.features) },
  };
  return contents;
}

export function wantsLiveRestore(options: EngineOptions): boolean {
  return options["live-restore"] !== false;
}

/** dockerd takes text only where people write a number. */
function texts(options: Contents): Contents {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name,
      typeof value === "number" || typeof value === "boolean" ? String(value) : value,
    ]),
  );
}

function object(value: unknown): Contents {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Contents {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
