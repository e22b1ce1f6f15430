import type { Docker } from "@dockersnap/plugin-sdk";
import { labels } from "../project/labels.ts";
import { parseRole, type Role } from "../project/role.ts";
import { parseScheme } from "../project/scheme.ts";

/** A container of the project, with what Compose and this plugin wrote on it. */
export interface ServiceContainer {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  /** Which one of a scaled service, from 1. */
  readonly number: number;
  readonly image: string;
  /** In the engine's words: `created`, `running`, `paused`, `restarting`, `exited`, `dead`. */
  readonly state: string;
  readonly exitCode: number;
  /** How often the engine has started it again by itself. */
  readonly restartCount: number;
  /** When it was started last, in milliseconds since 1970. */
  readonly startedAt: number;
  /** Why it could not be started, if so. */
  readonly error: string;
  readonly health: "starting" | "healthy" | "unhealthy" | undefined;
  /** What the last health check printed. */
  readonly lastProbe: string;
  /** `no` where it has none. */
  readonly restartPolicy: string;
  readonly role: Role;
  /** Every service of its project. */
  readonly siblings: readonly string[];
  readonly ports: readonly ContainerPort[];
  /** What it runs, to be held against its image. */
  readonly runs: Runs;
  readonly imageId: string;
}

/** What a container or an image starts, and whether it offers a port. */
export interface Runs {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly exposes: boolean;
}

export interface ContainerPort {
  /** Inside the container. */
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  /** Where the engine publishes it, while the container runs. */
  readonly published: number | undefined;
  /** The daemon's name for it, where one was given. */
  readonly label: string | undefined;
  readonly scheme: string;
}

const project = "com.docker.compose.project";

export const projectFilter = (name: string) => [`${project}=${name}`];

/** Whether it belongs to a service, and is not one that `run` made in passing. */
export const isOfService = ({ Labels }: Docker.ContainerInfo): boolean =>
  Labels["com.docker.compose.oneoff"] !== "True" && Labels["com.docker.compose.service"] !== undefined;

export function readContainer(summary: Docker.ContainerInfo, facts: Docker.ContainerInspectInfo): ServiceContainer {
  const { State, Config, HostConfig } = facts;
  const { Labels } = summary;
  const health = State.Health?.Status;
  return {
    id: summary.Id,
    name: (summary.Names[0] ?? summary.Id).replace(/^\//, ""),
    service: Labels["com.docker.compose.service"] ?? "",
    number: Number(Labels["com.docker.compose.container-number"] ?? 1),
    image: Config.Image,
    state: State.Status,
    exitCode: State.ExitCode ?? 0,
    restartCount: facts.RestartCount ?? 0,
    startedAt: Date.parse(State.StartedAt) || 0,
    error: State.Error ?? "",
    health: health === "starting" || health === "healthy" || health === "unhealthy" ? health : undefined,
    lastProbe: State.Health?.Log?.at(-1)?.Output?.trim() ?? "",
    restartPolicy: HostConfig.RestartPolicy?.Name || "no",
    role: parseRole(Labels[labels.role]),
    siblings: (Labels[labels.services] ?? "").split(",").filter((name) => name !== ""),
    ports: portsOf(summary, HostConfig.PortBindings ?? {}),
    runs: readRuns(Config),
    imageId: facts.Image,
  };
}

export function readRuns(config: {
  readonly Entrypoint?: string | readonly string[] | null | undefined;
  readonly Cmd?: readonly string[] | null | undefined;
  readonly ExposedPorts?: object | null | undefined;
}): Runs {
  return {
    entrypoint: [config.Entrypoint ?? []].flat(),
    command: config.Cmd ?? [],
    exposes: Object.keys(config.ExposedPorts ?? {}).length > 0,
  };
}

function portsOf({ Labels, Ports }: Docker.ContainerInfo, bindings: object): ContainerPort[] {
  return Object.keys(bindings)
    .map((key) => {
      const [number, kind] = key.split("/");
      const port = Number(number);
      const protocol: "tcp" | "udp" = kind === "udp" ? "udp" : "tcp";
      const published = Ports.find((bound) => bound.PrivatePort === port && bound.Type === protocol)?.PublicPort;
      const scheme = protocol === "udp" ? "udp" : (parseScheme(Labels[labels.scheme(port)]) ?? "tcp");
      return { port, protocol, published, label: Labels[labels.port(port)]?.trim(), scheme };
    })
    .sort((a, b) => a.port - b.port || a.protocol.localeCompare(b.protocol));
}
