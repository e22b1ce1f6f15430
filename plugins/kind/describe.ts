import type { DescribeResult } from "@dockersnap/plugin-sdk";
import { ApiServer } from "./api-server.ts";
import { type ApiNode, nodeCondition } from "./node.ts";
import { type Cluster, findCluster } from "./node-containers.ts";
import type { Ctx } from "./plugin.ts";

/** Less than a daemon waits for an answer. */
const answerWithinMs = 8000;

export async function describe(ctx: Ctx): Promise<DescribeResult> {
  const cluster = await findCluster(ctx.dockerClient(), ctx.config.string("cluster_name"), ctx.signal);
  const { known, api } = await askNodes(ctx, cluster);
  const running = cluster.nodes.filter(({ state }) => state === "running").length;
  return {
    status: running === 0 ? "stopped" : running < cluster.nodes.length ? "partly running" : "running",
    details: {
      cluster: cluster.name,
      api,
      ...versionOf(known),
      nodes: cluster.nodes.map(({ name, role, state, image }) => {
        const node = known.find((each) => each.name === name);
        return { name, role, container: state, image, ...(node !== undefined && { condition: nodeCondition(node) }) };
      }),
    },
  };
}

/** The nodes as the API server knows them, none of them where it does not answer. */
async function askNodes(ctx: Ctx, { name, nodes }: Cluster): Promise<{ known: ApiNode[]; api: string }> {
  if (!nodes.some(({ role, state }) => role === "control-plane" && state === "running")) {
    return { known: [], api: "down: no control plane runs" };
  }
  try {
    await using server = await ApiServer.of(ctx, name, answerWithinMs);
    return { known: await server.nodes(), api: "answers" };
  } catch (error) {
    ctx.signal.throwIfAborted();
    return { known: [], api: `does not answer: ${error instanceof Error ? error.message : error}` };
  }
}

function versionOf(nodes: readonly ApiNode[]): { kubernetes_version?: string } {
  const version = (nodes.find(({ isControlPlane }) => isControlPlane) ?? nodes[0])?.version;
  return version ? { kubernetes_version: version } : {};
}
