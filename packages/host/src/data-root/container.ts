import type { StoredContainer, StoredMount, StoredPort } from "@dockersnap/core";
import * as z from "zod";
import { digestPattern, flag, hexPattern, pairs, word, words } from "./shapes.ts";

const State = z
  .object({
    Running: flag,
    Paused: flag,
    Restarting: flag,
    Dead: flag,
    ExitCode: z.int().catch(0),
    StartedAt: word,
  })
  .catch({ Running: false, Paused: false, Restarting: false, Dead: false, ExitCode: 0, StartedAt: "" });

const Mount = z.object({
  Type: word,
  Name: word,
  Source: word,
  Destination: z.string(),
  RW: flag,
});

const Settings = z.record(z.string(), z.unknown()).catch({});

/** `config.v2.json`. */
const Container = z.object({
  ID: z.string().regex(hexPattern),
  Name: z.string(),
  Created: word,
  Image: z.string().regex(digestPattern),
  Path: word,
  Args: words,
  Config: Settings,
  State,
  MountPoints: z.record(z.string(), Mount).nullish().catch(undefined),
  NetworkSettings: z
    .object({ Networks: z.record(z.string(), z.unknown()).nullish().catch(undefined) })
    .catch({ Networks: undefined }),
});

const Bindings = z
  .record(
    z.string(),
    z
      .array(z.object({ HostIp: word, HostPort: word }))
      .nullish()
      .catch(undefined),
  )
  .catch({});

const Tmpfs = z.record(z.string(), z.unknown()).nullish().catch(undefined);

/** Said by other fields, or Docker's own bookkeeping that differs from one container to the next. */
const saidElsewhere = new Set([
  ...["Image", "Cmd", "Entrypoint", "Env", "Labels", "ExposedPorts", "Volumes"],
  ...["Binds", "Mounts", "PortBindings", "Tmpfs", "VolumesFrom", "VolumeDriver", "ContainerIDFile", "ConsoleSize"],
  ...["AttachStdin", "AttachStdout", "AttachStderr"],
]);

/** A container from its `config.v2.json` and `hostconfig.json`. Throws when it is none at all. */
export function parseContainer(configuration: unknown, hostConfiguration: unknown): Omit<StoredContainer, "layers"> {
  const parsed = Container.safeParse(configuration);
  if (!parsed.success) throw new Error("its configuration has a form dockersnap does not know");
  const { ID, Name, Created, Image, Path, Args, Config, State: state, MountPoints, NetworkSettings } = parsed.data;
  const host = Settings.parse(hostConfiguration);
  return {
    id: ID,
    name: Name.replace(/^\//, ""),
    createdAt: Created,
    image: Image,
    imageName: word.parse(Config.Image),
    command: Path === "" ? [] : [Path, ...(Args ?? [])],
    env: words.parse(Config.Env) ?? [],
    labels: pairs.parse(Config.Labels) ?? {},
    ports: portsOf(Bindings.parse(host.PortBindings ?? {})),
    mounts: [
      ...Object.values(MountPoints ?? {}).map(mountOf),
      ...Object.keys(Tmpfs.parse(host.Tmpfs) ?? {}).map(tmpfsAt),
    ].sort((a, b) => compare(a.destination, b.destination)),
    networks: Object.keys(NetworkSettings.Networks ?? {}).sort(),
    settings: settingsOf({ ...Config, ...host }, ID),
    state: stateOf(state),
    exitCode: state.ExitCode,
  };
}

function portsOf(bindings: z.infer<typeof Bindings>): StoredPort[] {
  return Object.entries(bindings).flatMap(([inside, hosts]) => {
    const [port, protocol = "tcp"] = inside.split("/");
    const containerPort = Number(port);
    if (!Number.isInteger(containerPort)) return [];
    return (hosts ?? []).map(({ HostIp, HostPort }) => ({
      containerPort,
      protocol,
      hostIp: HostIp,
      hostPort: HostPort,
    }));
  });
}

function mountOf({ Type, Name, Source, Destination, RW }: z.infer<typeof Mount>): StoredMount {
  return {
    type: Type,
    source: Type === "volume" ? Name : Type === "tmpfs" ? "" : Source,
    destination: Destination,
    readOnly: !RW,
  };
}

function tmpfsAt(destination: string): StoredMount {
  return { type: "tmpfs", source: "", destination, readOnly: false };
}

function settingsOf(all: Readonly<Record<string, unknown>>, id: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(all)
      .filter(([key, value]) => !saidElsewhere.has(key) && !isEmpty(value))
      // Unless a name was asked for, it is the container's id.
      .filter(([key, value]) => key !== "Hostname" || value !== id.slice(0, 12))
      // The network it begins in, which its networks tell; or the container whose network it shares.
      .filter(([key, value]) => key !== "NetworkMode" || String(value).startsWith("container:"))
      .sort(([a], [b]) => compare(a, b))
      .map(([key, value]) => [key, JSON.stringify(value)]),
  );
}

/** Versions of Docker differ in whether they write down what was not set. */
function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === "" || value === 0 || value === false) return true;
  return typeof value === "object" && Object.values(value).every(isEmpty);
}

function stateOf(state: z.infer<typeof State>): StoredContainer["state"] {
  if (state.Dead) return "dead";
  if (state.Restarting) return "restarting";
  if (state.Paused) return "paused";
  if (state.Running) return "running";
  return state.StartedAt === "" || state.StartedAt.startsWith("0001-") ? "created" : "exited";
}

/** By code units, so that the order is the same everywhere. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
