import { DockersnapError, type HealthResult } from "@dockersnap/plugin-sdk";
import { ApiServer } from "./api-server.ts";
import { type ApiNode, nodeCondition } from "./node.ts";
import { type Cluster, findCluster, lastStart } from "./node-containers.ts";
import type { Ctx } from "./plugin.ts";
import type { Pod } from "./pod.ts";
import { judgePods } from "./pod-checks.ts";
import { type Finding, verdict } from "./verdict.ts";

/** Less than a daemon waits for an answer, so that the reason is this plugin's. */
const answerWithinMs = 9000;

/**
 * What a cluster needs at most to come up after its engine did, and a pod after it was made. Until then what is not ready is
 * on its way; after it, it is broken.
 */
const startupMs = 180_000;

export async function health(ctx: Ctx): Promise<HealthResult> {
  const until = performance.now() + answerWithinMs;
  const signal = AbortSignal.any([ctx.signal, AbortSignal.timeout(answerWithinMs)]);
  const docker = ctx.dockerClient();
  let cluster: Cluster;
  try {
    cluster = await findCluster(docker, ctx.config.string("cluster_name"), signal);
  } catch (error) {
    // The engine answered: there is no cluster to speak of.
    if (error instanceof DockersnapError) return verdict([{ name: "cluster", state: "broken", reason: error.message }]);
    throw error;
  }
  const started = await lastStart(docker, cluster, signal);
  const isComingUp = started !== undefined && Date.now() - started.getTime() < startupMs;
  const late = isComingUp ? "coming" : "broken";
  const down = cluster.nodes
    .filter(({ state }) => state !== "running")
    .map(({ name, state }): Finding => ({ name: `node ${name}`, state: late, reason: `its container is ${state}` }));
  if (!cluster.nodes.some(({ role, state }) => role === "control-plane" && state === "running")) return verdict(down);

  let api: { nodes: ApiNode[]; pods: Pod[]; isComplete: boolean };
  try {
    await using server = await ApiServer.of(ctx, cluster.name, Math.max(1, Math.round(until - performance.now())));
    await server.requireReady();
    api = { nodes: await server.nodes(), ...(await server.pods()) };
  } catch (error) {
    ctx.signal.throwIfAborted();
    return verdict([...down, { name: "api", state: late, reason: messageOf(error) }]);
  }
  const isDown = (node: ApiNode) => down.some(({ name }) => name === `node ${node.name}`);
  const nodes = api.nodes.filter((node) => !isDown(node)).map((node) => judgeNode(node, late));
  const pods = judgePods(api.pods, { isComplete: api.isComplete, isComingUp, startupMs, now: Date.now() });
  return verdict([{ name: "api", state: "fine", reason: "" }, ...down, ...nodes, ...pods]);
}

function judgeNode(node: ApiNode, late: Finding["state"]): Finding {
  const state = !node.ready ? late : node.limits.length > 0 ? "limited" : "fine";
  return { name: `node ${node.name}`, state, reason: state === "fine" ? "" : nodeCondition(node) };
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
