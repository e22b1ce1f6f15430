import { readFile, writeFile } from "node:fs/promises";
import { newProgress, runCommand } from "@dockersnap/plugin-sdk/testing";
import { describe, expect, test } from "vitest";
import { plugin } from "../kind.ts";
import { followKind } from "../kind-steps.ts";
import { scratchFile } from "../scratch-file.ts";
import { createLines, FakeCluster, node, page } from "./fake-cluster.ts";

const deploy = (cluster: FakeCluster, plugin_config: Record<string, unknown> = {}, signal?: AbortSignal) =>
  runCommand(
    plugin,
    "deploy",
    { plugin_config, env: { HTTPS_PROXY: "http://proxy:8080" } },
    { ...cluster.services, ...(signal !== undefined && { signal }) },
  );

/** The program kind, failing so often before it works. */
function failing(cluster: FakeCluster, times: number, stderr: string): void {
  let left = times;
  cluster.programs.answer("kind", async (call) => {
    if (call.args[0] === "create" && left > 0) {
      left -= 1;
      await cluster.addNode("demo", "control-plane");
      return { exitCode: 1, stderr };
    }
    return cluster.kind(call);
  });
}

test("kind's own lines become steps, and the nodes start with the engine from then on", async () => {
  const cluster = new FakeCluster();
  const { exitCode, events } = await deploy(cluster);
  expect(exitCode).toBe(0);
  expect(events).toEqual([
    { step: "creating", status: "running", message: "creating the cluster demo (attempt 1 of 3)" },
    { step: "ensuring-node-image", status: "running", message: "Ensuring node image (kindest/node:v1.31.2)" },
    { step: "ensuring-node-image", status: "done", message: "Ensuring node image (kindest/node:v1.31.2)" },
    { step: "preparing-nodes", status: "running", message: "Preparing nodes" },
    { step: "preparing-nodes", status: "done", message: "Preparing nodes" },
    { step: "starting-control-plane", status: "running", message: "Starting control-plane" },
    { step: "starting-control-plane", status: "done", message: "Starting control-plane" },
    { step: "keeping", status: "running", message: "letting the node start with the engine" },
    { step: "checking", status: "running", message: "asking the API server for its nodes" },
    { step: "complete", status: "done", message: "cluster demo running" },
  ]);
  expect(cluster.docker.containers()).toMatchObject([
    { name: "demo-control-plane", restartPolicy: "always", running: true },
  ]);
});

test("kind is led to the instance's engine through the operator's proxy, and away from the operator's kubeconfig", async () => {
  const cluster = new FakeCluster();
  await deploy(cluster, { cluster_name: "mine", kubernetes_version: "1.30.4", wait_timeout: "1m30s" });
  const create = cluster.programs.calls.find(({ program, args }) => program === "kind" && args[0] === "create");
  expect(create?.args.join(" ")).toMatch(
    /^create cluster --name mine --kubeconfig \/\S+\/kubeconfig --config \/\S+\/kind\.yaml --image kindest\/node:v1\.30\.4 --wait 90s$/,
  );
  expect(create?.env).toMatchObject({
    DOCKER_HOST: "unix:///run/dockersnap/demo.sock",
    HTTPS_PROXY: "http://proxy:8080",
    KIND_EXPERIMENTAL_PROVIDER: "docker",
  });
});

test.each([
  [{ node_image: "mirror.example.com/node:1" }, " --image mirror.example.com/node:1 --wait 300s"],
  [{ wait_ready: false }, "/kind.yaml"],
  [{ wait_timeout: "0s" }, "/kind.yaml"],
])("%j is handed on", async (config, end) => {
  const cluster = new FakeCluster();
  await deploy(cluster, config);
  expect(cluster.said("kind").find((words) => words.startsWith("kind create"))).toMatch(new RegExp(`${end}$`));
});

describe("the configuration kind is given", () => {
  const given = async (content?: string) => {
    await using own = await scratchFile("own.yaml");
    if (content !== undefined) await writeFile(own.path, content);
    const cluster = new FakeCluster();
    let seen = "";
    cluster.programs.answer("kind", async (call) => {
      if (call.args[0] === "create") seen = await readFile(call.args[call.args.indexOf("--config") + 1] ?? "", "utf8");
      return cluster.kind(call);
    });
    expect((await deploy(cluster, content === undefined ? {} : { kind_config: own.path })).exitCode).toBe(0);
    return seen;
  };
  const header = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n";
  const published = "networking:\n  apiServerAddress: 0.0.0.0\n";

  test("publishes the API server where other machines reach it", async () => {
    expect(await given()).toBe(header + published);
  });

  test("is the operator's own beside that, to the letter", async () => {
    const own = `${header}# two nodes
nodes:
  - role: control-plane
    kubeadmConfigPatches:
      - |
        kind: InitConfiguration
        nodeRegistration:
          kubeletExtraArgs: { node-labels: "a=b" }
  - role: worker
`;
    expect(await given(own)).toBe(own + published);
    expect(await given(`${header}networking:\n`)).toBe(header + published);
    expect(await given(`${header}networking:\n  disableDefaultCNI: true\n`)).toBe(
      `${header}networking:\n  disableDefaultCNI: true\n  apiServerAddress: 0.0.0.0\n`,
    );
  });

  test.each(["apiServerAddress: 127.0.0.1", "ipFamily: ipv6"])("stays as it is where it says %s", async (line) => {
    const own = `${header}networking:\n  ${line}\n`;
    expect(await given(own)).toBe(own);
  });
});

describe("an attempt that fails", () => {
  const error = `${createLines}\nERROR: failed to create cluster: could not find a log line\n\nCommand Output: …`;

  test("is followed by another, after what it left was removed", async () => {
    const cluster = new FakeCluster();
    failing(cluster, 2, error);
    const { exitCode, events } = await deploy(cluster);
    expect(exitCode).toBe(0);
    const told = events
      .filter(({ step }) => step === "creating" || step === "cleaning-up")
      .map(({ message }) => message);
    expect(told).toEqual([
      "creating the cluster demo (attempt 1 of 3)",
      "attempt 1 of 3 failed: failed to create cluster: could not find a log line; removing what it left",
      "creating the cluster demo (attempt 2 of 3)",
      "attempt 2 of 3 failed: failed to create cluster: could not find a log line; removing what it left",
      "creating the cluster demo (attempt 3 of 3)",
    ]);
    expect(cluster.said("kind").map((words) => words.split(" ")[1])).toEqual([
      ...["create", "delete", "create", "delete", "create", "get"],
    ]);
    expect(cluster.docker.containers()).toHaveLength(1);
  });

  test("is the command's failure when it was the last", async () => {
    const cluster = new FakeCluster();
    failing(cluster, 9, error);
    const { exitCode, events, logs } = await deploy(cluster, { retries: 2 });
    expect(exitCode).toBe(1);
    expect(events.at(-1)).toEqual({
      step: "starting-control-plane",
      status: "error",
      message:
        "kind could not create the cluster 'demo' (attempt 2 of 2): failed to create cluster: could not find a log line",
    });
    expect(logs.filter(({ level }) => level === "WARN")).toHaveLength(2);
  });

  test("of a command kind ran is told by what that command complained of", async () => {
    const cluster = new FakeCluster();
    const kubeadm = `ERROR: failed to create cluster: failed to init node with kubeadm: command "docker exec --privileged demo-control-plane kubeadm init --config=/kind/kubeadm.conf ${"-x ".repeat(1000)}" failed with error: exit status 1

Command Output: I0101 kubeadm.go:1] config
error execution phase wait-control-plane: the kubelet is not running
To see the stack trace of this error execute with --v=5 or higher`;
    failing(cluster, 1, kubeadm);
    const { events } = await deploy(cluster, { retries: 0 });
    expect(events.at(-1)?.message).toBe(
      "kind could not create the cluster 'demo': failed to create cluster: failed to init node with kubeadm: 'docker exec --privileged demo-control-plane kubeadm init --config=/kind/kubeadm…' failed with error: exit status 1: error execution phase wait-control-plane: the kubelet is not running",
    );
  });

  test("without retries is told without a count", async () => {
    const cluster = new FakeCluster();
    failing(cluster, 1, "");
    const { events } = await deploy(cluster, { retries: 0 });
    expect(events.map(({ message }) => message)).toEqual([
      "creating the cluster demo",
      "kind could not create the cluster 'demo': it ended with 1 and said nothing",
    ]);
  });

  test("is not followed by another when what it left cannot be removed", async () => {
    const cluster = new FakeCluster();
    cluster.programs.answer("kind", ({ args }) => ({ exitCode: 1, stderr: `ERROR: no ${args[0]} today` }));
    const { exitCode, events } = await deploy(cluster);
    expect(exitCode).toBe(1);
    expect(events.at(-1)?.message).toBe("kind cannot remove the cluster 'demo': no delete today");
    expect(cluster.said("kind")).toHaveLength(2);
  });
});

test("what an earlier deploy left is removed first, other clusters are let be", async () => {
  const cluster = await FakeCluster.running("demo");
  await cluster.addNode("other", "control-plane");
  const before = cluster.docker.containers().map(({ id }) => id);
  expect((await deploy(cluster)).exitCode).toBe(0);
  const after = cluster.docker.containers();
  expect(after.map(({ name, restartPolicy }) => `${name} ${restartPolicy}`).sort()).toEqual([
    "demo-control-plane always",
    "other-control-plane on-failure",
  ]);
  expect(after.filter(({ id }) => before.includes(id)).map(({ name }) => name)).toEqual(["other-control-plane"]);
});

test("a control plane that is not ready in time fails the deploy with its reason, at once", async () => {
  const cluster = new FakeCluster();
  cluster.programs.answer("kind", async (call) => {
    const result = await cluster.kind(call);
    cluster.api.set("/api/v1/nodes", page([node("demo-control-plane", { ready: false })]));
    return result;
  });
  const { exitCode, events } = await deploy(cluster, { wait_timeout: "20s" });
  expect(exitCode).toBe(1);
  expect(events.at(-1)?.message).toBe(
    "The control plane of the cluster 'demo' was not ready after 20 s: node demo-control-plane is NotReady (KubeletNotReady: cni plugin not initialized). Give it longer with 'wait_timeout', or create it with 'wait_ready=false' and look at it.",
  );
  expect(cluster.said("kind").filter((words) => words.startsWith("kind create"))).toHaveLength(1);
});

test("with 'wait_ready' off the API server is not asked at all", async () => {
  const cluster = new FakeCluster();
  expect((await deploy(cluster, { wait_ready: false })).exitCode).toBe(0);
  expect(cluster.said("kubectl")).toEqual([]);
});

describe("lines that are no kind's", () => {
  const follow = (...lines: string[]) => {
    const progress = newProgress();
    const onLine = followKind(progress);
    for (const line of lines) onLine(line);
    return progress.events();
  };

  test("end no stream, whatever they are called", () => {
    const events = follow(" • complete ...", " • error ...", " ✗ Preparing nodes 📦");
    expect(events.map(({ step, status }) => `${step} ${status}`)).toEqual([
      ...["creating running", "creating running", "preparing-nodes running"],
    ]);
  });

  test("tell how a step ended, where they begin none", () => {
    const events = follow(" • Waiting ≤ 5m0s for control-plane = Ready ⏳  ...", " • Ready after 12s 💚");
    expect(events).toEqual([
      { step: "waiting", status: "running", message: "Waiting ≤ 5m0s for control-plane = Ready" },
      { step: "waiting", status: "done", message: "Ready after 12s" },
    ]);
  });

  test("are bounded in length and number, and bear no control characters", () => {
    const [event] = follow(` ✗ \u001b[31mStarting\u0007 nodes\u001b[0m${"!".repeat(1_000_000)}`);
    expect(event).toMatchObject({
      step: "starting-nodes",
      message: expect.stringMatching(/^Starting nodes!{185}…: failed$/),
    });
    expect(follow(...Array.from({ length: 10_000 }, () => " • Again ..."))).toHaveLength(100);
    expect(follow("no step", "•", " •", "", "ERROR: x")).toEqual([]);
  });
});

test("a deploy that is cancelled tries no second time", async () => {
  const cluster = new FakeCluster();
  const cancel = new AbortController();
  cluster.programs.answer("kind", () => {
    cancel.abort();
    // As a program that was ended by the signal.
    throw new Error("kind was stopped: the command was cancelled.");
  });
  const { exitCode, events } = await deploy(cluster, {}, cancel.signal);
  expect(exitCode).toBe(1);
  expect(events.at(-1)?.message).toBe("kind was stopped: the command was cancelled.");
  expect(cluster.said("kind")).toHaveLength(1);
});
