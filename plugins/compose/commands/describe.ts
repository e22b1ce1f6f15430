import type { DescribeResult } from "@dockersnap/plugin-sdk";
import type { ContainerPort, ServiceContainer } from "../engine/container.ts";
import { projectEngine } from "../engine/project-engine.ts";
import { shownName, standingOf } from "../engine/standing.ts";
import type { Ctx } from "../plugin.ts";

export async function describe(ctx: Ctx): Promise<DescribeResult> {
  const project = ctx.config.string("project_name");
  const containers = await projectEngine(ctx.dockerClient(), project).containers();
  return { status: statusOf(containers), details: { project, services: containers.map(describeContainer) } };
}

function describeContainer(container: ServiceContainer) {
  return {
    service: shownName(container),
    state: container.state,
    ...(container.health !== undefined && { health: container.health }),
    ...(container.state === "exited" && { exit_code: container.exitCode }),
    image: container.image,
    ports: container.ports.map(describePort),
    restart: container.restartPolicy,
    container: container.name,
  };
}

const describePort = ({ port, protocol, published }: ContainerPort) =>
  `${published === undefined ? "" : `${published}->`}${port}/${protocol}`;

/** `running` when all is well, `partly running` when some of it is, `stopped` when nothing runs, `gone` without containers. */
function statusOf(containers: readonly ServiceContainer[]): string {
  if (containers.length === 0) return "gone";
  const kinds = containers.map((container) => standingOf(container).kind);
  if (kinds.every((kind) => kind === "up" || kind === "finished")) return kinds.includes("up") ? "running" : "finished";
  if (kinds.every((kind) => kind !== "down" && kind !== "restarting")) return "starting";
  return containers.some(({ state }) => state === "running") ? "partly running" : "stopped";
}
