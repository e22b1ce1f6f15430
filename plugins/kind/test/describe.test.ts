import { runCommand } from "@dockersnap/plugin-sdk/testing";
import { expect, test } from "vitest";
import { plugin } from "../kind.ts";
import { FakeCluster, node, page } from "./fake-cluster.ts";

const describeIt = async (cluster: FakeCluster) => (await runCommand(plugin, "describe", {}, cluster.services)).stdout;

test("tells the cluster, its version and its nodes", async () => {
  const cluster = await FakeCluster.running("demo", ["control-plane", "worker"]);
  const worker = node("demo-worker", { controlPlane: false, spec: { unschedulable: true } });
  cluster.api.set("/api/v1/nodes", page([node("demo-control-plane"), worker]));
  expect(await describeIt(cluster)).toMatchObject({
    workload_type: "kind",
    status: "running",
    config: { cluster_name: "demo", retries: 3, wait_ready: true, wait_timeout: "300s" },
    details: {
      cluster: "demo",
      api: "answers",
      kubernetes_version: "v1.31.2",
      nodes: [
        {
          name: "demo-control-plane",
          role: "control-plane",
          container: "running",
          image: "kindest/node:v1.31.2",
          condition: "Ready",
        },
        { name: "demo-worker", role: "worker", condition: "Ready, SchedulingDisabled" },
      ],
    },
  });
});

test("tells what the engine knows where the API server does not answer", async () => {
  const cluster = await FakeCluster.running();
  cluster.api.set("/api/v1/nodes", "The connection to the server was refused");
  expect(await describeIt(cluster)).toMatchObject({
    status: "running",
    details: {
      api: "does not answer: The connection to the server was refused",
      nodes: [{ name: "demo-control-plane", container: "running" }],
    },
  });
});

test("tells which nodes are down", async () => {
  const cluster = await FakeCluster.running("demo", ["control-plane", "worker"]);
  await cluster.docker.client().getContainer("demo-worker").stop();
  expect(await describeIt(cluster)).toMatchObject({ status: "partly running" });
  await cluster.docker.client().getContainer("demo-control-plane").stop();
  expect(await describeIt(cluster)).toMatchObject({
    status: "stopped",
    details: { api: "down: no control plane runs" },
  });
});
