import type { HealthResult } from "@dockersnap/plugin-sdk";
import { ailment, mayRecover, type ServiceContainer, serviceContainers } from "./containers.ts";
import type { Ctx } from "./plugin.ts";

const longestMessage = 300;

/** A check for every container: it runs and passes its own health check, or has done its work. */
export async function health(ctx: Ctx): Promise<HealthResult> {
  const project = ctx.config.string("project_name");
  const containers = await serviceContainers(ctx.dockerClient(), project, ctx.signal);
  if (containers.length === 0) {
    return {
      status: "unhealthy",
      message: `The engine has no container of the project '${project}': they were removed. Revert to a snapshot that has them.`,
    };
  }
  const ailing = containers.filter((container) => ailment(container) !== undefined);
  const checks = containers.map((container) => check(container, containers));
  return ailing.length > 0 && ailing.every(mayRecover) ? { status: "starting", checks } : { checks };
}

function check(container: ServiceContainer, all: readonly ServiceContainer[]) {
  const ails = ailment(container);
  const replicas = all.filter(({ service }) => service === container.service).length;
  return {
    name: replicas === 1 ? container.service : container.name,
    ok: ails === undefined,
    ...(ails === undefined ? {} : { message: ails.slice(0, longestMessage) }),
  };
}
