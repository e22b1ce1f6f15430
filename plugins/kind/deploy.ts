import { writeFile } from "node:fs/promises";
import { DockersnapError, type Progress } from "@dockersnap/plugin-sdk";
import { ApiServer } from "./api-server.ts";
import { secondsOf } from "./duration.ts";
import { type ClusterRequest, createCluster, deleteCluster } from "./kind-cli.ts";
import { followKind } from "./kind-steps.ts";
import { nodeCondition } from "./node.ts";
import { findCluster, nodeContainers, startWithEngine } from "./node-containers.ts";
import type { Ctx } from "./plugin.ts";
import { reachableConfig } from "./reachable-config.ts";
import { scratchFile } from "./scratch-file.ts";

const readWithinMs = 30_000;

export async function deploy(ctx: Ctx, progress: Progress): Promise<void> {
  await using own = await scratchFile("kubeconfig");
  await using config = await scratchFile("kind.yaml");
  await writeFile(config.path, await reachableConfig(ctx.config.path("kind_config")));
  const waitSeconds = ctx.config.bool("wait_ready") ? secondsOf(ctx.config.string("wait_timeout")) : 0;
  const request: ClusterRequest = {
    name: ctx.config.string("cluster_name"),
    kubeconfigPath: own.path,
    configPath: config.path,
    image: nodeImage(ctx),
    waitSeconds,
  };
  const docker = ctx.dockerClient();
  const earlier = await nodeContainers(docker, ctx.signal);
  if (earlier.some(({ cluster }) => cluster === request.name)) {
    progress.step("cleaning-up", `removing what an earlier deploy left of the cluster ${request.name}`);
    await deleteCluster(ctx, request.name, request.kubeconfigPath);
  }
  await createWithRetries(ctx, progress, request);
  const cluster = await findCluster(docker, request.name, ctx.signal);
  progress.step("keeping", `letting ${cluster.nodes.length === 1 ? "the node" : "the nodes"} start with the engine`);
  await startWithEngine(docker, cluster);
  if (waitSeconds > 0) {
    progress.step("checking", "asking the API server for its nodes");
    await requireReadyControlPlane(ctx, request);
  }
  progress.complete(`cluster ${request.name} running`);
}

function nodeImage({ config }: Ctx): string | undefined {
  const version = config.string("kubernetes_version");
  if (version) return `kindest/node:${version.startsWith("v") ? version : `v${version}`}`;
  return config.string("node_image") || undefined;
}

async function createWithRetries(ctx: Ctx, progress: Progress, request: ClusterRequest): Promise<void> {
  const { name } = request;
  const attempts = Math.max(1, ctx.config.int("retries"));
  for (let attempt = 1; ; attempt += 1) {
    const count = attempts === 1 ? "" : ` (attempt ${attempt} of ${attempts})`;
    progress.step("creating", `creating the cluster ${name}${count}`);
    const failure = await createCluster(ctx, request, followKind(progress));
    if (failure === undefined) return;
    ctx.logger.warn("kind created no cluster", { cluster: name, attempt, attempts, failure });
    if (attempt === attempts) {
      throw new DockersnapError("plugin_failed", `kind could not create the cluster '${name}'${count}: ${failure}`);
    }
    progress.step("cleaning-up", `attempt ${attempt} of ${attempts} failed: ${failure}; removing what it left`);
    await deleteCluster(ctx, name, request.kubeconfigPath);
  }
}

/** kind succeeds too when the time it was given to wait ran out. */
async function requireReadyControlPlane(ctx: Ctx, { name, waitSeconds }: ClusterRequest): Promise<void> {
  await using server = await ApiServer.of(ctx, name, readWithinMs);
  const nodes = await server.nodes();
  const late = nodes.filter((node) => node.isControlPlane && !node.ready);
  if (late.length === 0 && nodes.some((node) => node.isControlPlane)) return;
  const reasons = late.map((node) => `node ${node.name} is ${nodeCondition(node)}`);
  throw new DockersnapError(
    "plugin_failed",
    `The control plane of the cluster '${name}' was not ready after ${waitSeconds} s: ${reasons.join("; ") || "it has no node yet"}. Give it longer with 'wait_timeout', or create it with 'wait_ready=false' and look at it.`,
  );
}
