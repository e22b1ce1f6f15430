import { DockersnapError, type Progress } from "@dockersnap/plugin-sdk";
import { followCompose } from "./compose-lines.ts";
import { type ServiceContainer, serviceContainers } from "./containers.ts";
import { overrideFile } from "./override.ts";
import type { Ctx } from "./plugin.ts";
import { findCompose, readProject, reasonOf, runCompose } from "./program.ts";
import { untilHealthy } from "./until-healthy.ts";

export async function deploy(ctx: Ctx, progress: Progress): Promise<void> {
  const project = ctx.config.string("project_name");
  const compose = await findCompose(ctx);
  const services = await readProject(ctx, compose);
  await using labels = await overrideFile(services);

  const names = services.map(({ name }) => name).sort();
  progress.step("starting", `starting ${names.join(", ")}`);
  const result = await runCompose(ctx, compose, ["up", "--detach"], {
    overrides: [labels.path],
    onLine: followCompose(progress),
  });
  if (result.exitCode !== 0) {
    throw new DockersnapError("plugin_failed", `Compose could not start the project '${project}': ${reasonOf(result)}`);
  }

  const docker = ctx.dockerClient();
  const containers = ctx.config.bool("wait")
    ? await untilHealthy(docker, project, progress, ctx.config.int("wait_timeout") * 1000, ctx.signal)
    : await serviceContainers(docker, project, ctx.signal);
  if (ctx.config.bool("keep_running")) await keepRunning(ctx, progress, containers);
  progress.complete(`${project}: ${containers.length} ${containers.length === 1 ? "container" : "containers"} up`);
}

/**
 * Without a restart policy a service would stay down after its engine was stopped and started, which a revert and a clone
 * do as well. A job that has ended by now keeps its own: it is not to be done again.
 */
async function keepRunning(ctx: Ctx, progress: Progress, containers: readonly ServiceContainer[]): Promise<void> {
  const without = containers.filter(({ state, restartPolicy }) => state === "running" && restartPolicy === "no");
  if (without.length === 0) return;
  const names = [...new Set(without.map(({ service }) => service))].join(", ");
  progress.step("keeping", `letting ${names} come back with the engine`);
  const docker = ctx.dockerClient();
  await Promise.all(
    without.map(({ id }) => docker.getContainer(id).update({ RestartPolicy: { Name: "unless-stopped" } })),
  );
}
