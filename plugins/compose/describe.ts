import type { DescribeResult } from "@dockersnap/plugin-sdk";
import { ailment, mayRecover, type ServiceContainer, serviceContainers } from "./containers.ts";
import type { Ctx } from "./plugin.ts";

export async function describe(ctx: Ctx): Promise<DescribeResult> {
  const project = ctx.config.string("project_name");
  const containers = await serviceContainers(ctx.dockerClient(), project, ctx.signal);
  return { status: statusOf(containers), details: { project, services: containers.map(told) } };
}

function statusOf(containers: readonly ServiceContainer[]): string {
  const ailing = containers.filter((container) => ailment(container) !== undefined);
  if (containers.length === 0) return "absent";
  if (ailing.length === 0) return "running";
  return ailing.every(mayRecover) ? "starting" : "degraded";
}

function told({ service, name, image, state, health, ports }: ServiceContainer) {
  return {
    service,
    container: name,
    image,
    state,
    ...(health === undefined ? {} : { health }),
    ports: ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`),
  };
}
