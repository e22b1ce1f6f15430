import type { Docker } from "@dockersnap/plugin-sdk";
import { portLabelKey } from "./override.ts";

const projectLabel = "com.docker.compose.project";
const serviceLabel = "com.docker.compose.service";
const oneOffLabel = "com.docker.compose.oneoff";

/** Containers of one project, by what Compose wrote on them: its file may have changed or gone since. */
export const projectFilter = (project: string) => ({ label: [`${projectLabel}=${project}`] });

/** A container of a service. */
export interface ServiceContainer {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly image: string;
  /** `running`, `exited`, `restarting`… */
  readonly state: string;
  readonly exitCode: number;
  /** `healthy`, `unhealthy`, `starting`, or undefined without a health check. */
  readonly health: string | undefined;
  /** The last thing a failing health check said. */
  readonly complaint: string | undefined;
  readonly restartPolicy: string;
  readonly ports: readonly PublishedPort[];
}

export interface PublishedPort {
  readonly containerPort: number;
  readonly protocol: "tcp" | "udp";
  /** What the daemon calls it, if somebody named it. */
  readonly label: string | undefined;
}

/** Every container of the project, running or not, by service and name. */
export async function serviceContainers(
  docker: Docker,
  project: string,
  signal: AbortSignal,
): Promise<ServiceContainer[]> {
  const found = await docker.listContainers({ all: true, filters: projectFilter(project), abortSignal: signal });
  const services = found.filter(({ Labels }) => (Labels[oneOffLabel] ?? "False").toLowerCase() !== "true");
  const containers = await Promise.all(services.map((summary) => inspected(docker, summary, signal)));
  return containers.sort((one, other) => (`${one.service} ${one.name}` < `${other.service} ${other.name}` ? -1 : 1));
}

async function inspected(
  docker: Docker,
  { Id, Names, Labels, Image, Ports }: Docker.ContainerInfo,
  signal: AbortSignal,
): Promise<ServiceContainer> {
  const { State, HostConfig } = await docker.getContainer(Id).inspect({ abortSignal: signal });
  const published = (Ports ?? []).filter(({ PublicPort }) => PublicPort !== undefined);
  return {
    id: Id,
    name: (Names[0] ?? Id).replace(/^\//, ""),
    service: Labels[serviceLabel] ?? "",
    image: Image,
    state: State.Status,
    exitCode: State.ExitCode,
    health: State.Health?.Status,
    complaint: State.Health?.Log.at(-1)?.Output.trim() || undefined,
    restartPolicy: HostConfig.RestartPolicy?.Name || "no",
    // Once for IPv4 and once for IPv6.
    ports: [...new Map(published.map((port) => [`${port.PrivatePort}/${port.Type}`, port])).values()]
      .map(({ PrivatePort, Type }) => ({
        containerPort: PrivatePort,
        protocol: Type === "udp" ? ("udp" as const) : ("tcp" as const),
        label: Labels[portLabelKey(PrivatePort)],
      }))
      .sort((one, other) => one.containerPort - other.containerPort),
  };
}

/** Why a container does not do its work, or undefined when it does, or has done it. */
export function ailment({ state, exitCode, health, complaint, restartPolicy }: ServiceContainer): string | undefined {
  switch (state) {
    case "running":
      if (health === undefined || health === "healthy") return undefined;
      if (health === "starting") return "its health check has not passed yet";
      return complaint === undefined ? "its health check fails" : `its health check fails: ${complaint}`;
    case "exited":
      // A job that is done and is not to be done again.
      if (exitCode === 0 && (restartPolicy === "no" || restartPolicy === "on-failure")) return undefined;
      return `it ended with code ${exitCode}`;
    default:
      return `it is ${state}`;
  }
}

/** Whether an ailment is one that time alone may cure. */
export const mayRecover = ({ state, health, restartPolicy }: ServiceContainer): boolean =>
  (state === "running" && health === "starting") ||
  state === "created" ||
  state === "restarting" ||
  (state === "exited" && restartPolicy !== "no");
