import { readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { runCommand } from "@dockersnap/plugin-sdk/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { plugin } from "../kind.ts";
import { certificate, FakeCluster, node, page, pod } from "./fake-cluster.ts";

const started = new Date("2026-06-01T12:00:00Z").getTime();
const minutesAfter = (minutes: number) => vi.setSystemTime(started + minutes * 60_000);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: started });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Answer {
  readonly healthy: boolean;
  readonly status: string;
  readonly message?: string;
  readonly checks: { readonly name: string; readonly ok: boolean; readonly message?: string }[];
}

async function health(cluster: FakeCluster): Promise<Answer> {
  const { exitCode, stdout } = await runCommand(plugin, "health", {}, cluster.services);
  expect(exitCode).toBe(0);
  return stdout as Answer;
}

/** A cluster that has been up for an hour, with these pods. */
async function longUp(...pods: object[]): Promise<FakeCluster> {
  const cluster = await FakeCluster.running();
  cluster.api.set("/api/v1/pods", page(pods));
  minutesAfter(60);
  return cluster;
}

const waiting = (reason: string, more: object = {}) => ({
  conditions: [{ type: "Ready", status: "False", message: "containers with unready status: [web]" }],
  containerStatuses: [{ name: "web", state: { waiting: { reason, ...more } }, restartCount: 0 }],
});

const crashing = {
  conditions: [{ type: "Ready", status: "False" }],
  containerStatuses: [
    {
      name: "web",
      restartCount: 7,
      state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 5m0s" } },
      lastState: { terminated: { exitCode: 1, reason: "Error" } },
    },
  ],
};

const checkOf = ({ checks }: Answer, name: string) => checks.find((check) => check.name === name);

test("a cluster of which everything is ready is healthy, pod by pod", async () => {
  const cluster = await FakeCluster.running();
  minutesAfter(60);
  expect(await health(cluster)).toEqual({
    contract_version: "1",
    healthy: true,
    status: "healthy",
    checks: [
      { name: "api", ok: true },
      { name: "node demo-control-plane", ok: true },
      { name: "pods", ok: true, message: "2 of 2 are fine" },
      { name: "pod kube-system/etcd", ok: true },
      { name: "pod default/web", ok: true },
    ],
  });
});

test("kubectl is run in the instance's network, with credentials in a file that is its owner's and gone afterwards", async () => {
  const cluster = await FakeCluster.running();
  const seen: { server: boolean; mode: number; authority: boolean; path: string }[] = [];
  cluster.programs.answer("kubectl", (call) => {
    const path = call.args[call.args.indexOf("--kubeconfig") + 1] ?? "";
    const content = readFileSync(path, "utf8");
    const server = content.includes('server: "https://127.0.0.1:41234"');
    seen.push({ server, mode: statSync(path).mode & 0o777, authority: content.includes(certificate), path });
    return cluster.kubectl(call);
  });
  await health(cluster);
  expect(seen).toHaveLength(3);
  for (const { path, ...facts } of seen) {
    expect(facts).toEqual({ server: true, mode: 0o600, authority: true });
    expect(readdirSync(tmpdir())).not.toContain(dirname(path).split("/").at(-1));
  }
  const calls = cluster.programs.calls.filter(({ args }) => args.includes("kubectl"));
  expect(calls[0]).toMatchObject({ program: "nsenter", env: { NO_PROXY: "*" } });
  expect(calls[0]?.args.slice(0, 3)).toEqual(["--net=/run/netns/ds-demo", "--", "kubectl"]);
  expect(JSON.stringify(calls)).not.toContain(certificate);
});

describe("a pod that will not run by itself", () => {
  test.each([
    ["crashes", crashing, "CrashLoopBackOff: container web ended with 1 (Error), 7 restarts"],
    [
      "has an image that is not there",
      waiting("ImagePullBackOff", { message: 'Back-off pulling image "nope"' }),
      'ImagePullBackOff: Back-off pulling image "nope"',
    ],
    [
      "lacks a secret",
      waiting("CreateContainerConfigError", { message: 'secret "token" not found' }),
      'CreateContainerConfigError: secret "token" not found',
    ],
    [
      "fits on no node",
      {
        phase: "Pending",
        conditions: [
          { type: "PodScheduled", status: "False", message: "0/1 nodes are available: 1 Insufficient cpu." },
        ],
      },
      "Pending: 0/1 nodes are available: 1 Insufficient cpu.",
    ],
    ["is created for ever", waiting("ContainerCreating"), "ContainerCreating: containers with unready status: [web]"],
    [
      "never gets past an init container",
      {
        phase: "Pending",
        conditions: [{ type: "Ready", status: "False" }],
        initContainerStatuses: [{ name: "init", state: { waiting: { reason: "ErrImagePull", message: "denied" } } }],
        containerStatuses: [{ name: "web", state: { waiting: { reason: "PodInitializing" } } }],
      },
      "ErrImagePull: denied",
    ],
  ])("is unhealthy and says why: it %s", async (_, status, reason) => {
    const answer = await health(await longUp(pod("kube-system/etcd"), pod("default/web", status)));
    expect(answer).toMatchObject({ healthy: false, status: "unhealthy", message: `pod default/web: ${reason}` });
    expect(checkOf(answer, "pod default/web")).toEqual({ name: "pod default/web", ok: false, message: reason });
    expect(checkOf(answer, "pods")?.message).toBe("1 of 2 are fine, 1 are broken");
    expect(checkOf(answer, "api")?.ok).toBe(true);
  });
});

describe("starting", () => {
  test.each([
    ["crashes", crashing],
    ["is being created", waiting("ContainerCreating")],
    ["waits for a node", { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False" }] }],
  ])("is a cluster just started in which a pod %s", async (_, status) => {
    const cluster = await longUp(pod("default/web", status));
    minutesAfter(1);
    expect(await health(cluster)).toMatchObject({ healthy: false, status: "starting" });
  });

  test("is a new pod on an old cluster, until it has had its time", async () => {
    const creationTimestamp = new Date(started + 59 * 60_000).toISOString();
    const cluster = await longUp(pod("default/new", waiting("ContainerCreating"), { creationTimestamp }));
    expect((await health(cluster)).status).toBe("starting");
    minutesAfter(63);
    expect((await health(cluster)).status).toBe("unhealthy");
  });

  test.each([
    [1, "starting"],
    [60, "unhealthy"],
  ])(
    "or not is told of an API server and its nodes by the time since their start (%d min: %s)",
    async (minutes, status) => {
      const cluster = await FakeCluster.running();
      minutesAfter(minutes);
      cluster.api.set("/api/v1/nodes", page([node("demo-control-plane", { ready: false })]));
      expect(await health(cluster)).toMatchObject({
        healthy: false,
        status,
        message: "node demo-control-plane: NotReady (KubeletNotReady: cni plugin not initialized)",
      });
      cluster.api.set("/readyz", "Error from server (InternalError): [-]etcd failed: reason withheld");
      expect(await health(cluster)).toMatchObject({
        healthy: false,
        status,
        message: "api: Error from server (InternalError): [-]etcd failed: reason withheld",
      });
    },
  );

  test("is not said of an image that is not there", async () => {
    const cluster = await longUp(pod("default/web", waiting("ErrImagePull")));
    minutesAfter(1);
    expect((await health(cluster)).status).toBe("unhealthy");
  });
});

describe("degraded", () => {
  test.each([
    ["a node that takes no pods", { spec: { unschedulable: true } }, "Ready, SchedulingDisabled"],
    [
      "a node that is short of something",
      { conditions: [{ type: "DiskPressure", status: "True" }] },
      "Ready, DiskPressure",
    ],
  ])("is a cluster with %s, and healthy", async (_, change, message) => {
    const cluster = await longUp(pod("default/web"));
    cluster.api.set("/api/v1/nodes", page([node("demo-control-plane", change)]));
    expect(await health(cluster)).toMatchObject({
      healthy: true,
      status: "degraded",
      message: `node demo-control-plane: ${message}`,
    });
  });

  test("is a cluster with a pod that ended badly and is not tried again; one that ended well is fine", async () => {
    const failed = {
      phase: "Failed",
      containerStatuses: [{ name: "job", state: { terminated: { exitCode: 3, reason: "Error" } } }],
    };
    const cluster = await longUp(
      pod("default/job", failed),
      pod("default/done", { phase: "Succeeded", conditions: [] }),
    );
    const answer = await health(cluster);
    expect(answer).toMatchObject({
      healthy: true,
      status: "degraded",
      message: "pod default/job: Error: exit code 3",
    });
    expect(checkOf(answer, "pods")?.message).toBe("1 of 2 are fine, 1 have failed and are not tried again");
  });
});

describe("nodes", () => {
  test("that are stopped are told of by their containers, and the rest is asked all the same", async () => {
    const cluster = await FakeCluster.running("demo", ["control-plane", "worker"]);
    const names = ["demo-control-plane", "demo-worker"];
    cluster.api.set("/api/v1/nodes", page(names.map((name) => node(name, { ready: name === names[0] }))));
    await cluster.docker.client().getContainer("demo-worker").stop();
    minutesAfter(60);
    const answer = await health(cluster);
    expect(answer).toMatchObject({ status: "unhealthy", message: "node demo-worker: its container is exited" });
    expect(answer.checks.filter(({ name }) => name.startsWith("node"))).toEqual([
      { name: "node demo-worker", ok: false, message: "its container is exited" },
      { name: "node demo-control-plane", ok: true },
    ]);
  });

  test("of which no control plane runs cannot be asked anything", async () => {
    const cluster = await FakeCluster.running();
    await cluster.docker.client().getContainer("demo-control-plane").stop();
    expect(await health(cluster)).toMatchObject({
      status: "unhealthy",
      message: "node demo-control-plane: its container is exited",
    });
    expect(cluster.programs.calls).toEqual([]);
  });

  test("that are gone make an unhealthy cluster, not a failed probe", async () => {
    expect(await health(new FakeCluster())).toMatchObject({
      status: "unhealthy",
      message: expect.stringContaining("There is no kind cluster on the instance's engine"),
    });
  });
});

describe("what the API server sends", () => {
  test("is read page by page up to a bound, and told of up to another", async () => {
    const many = Array.from({ length: 200 }, (_, index) => pod(`default/p${index}`));
    const cluster = await longUp();
    cluster.api.set("/api/v1/pods", page(many, "a&b=c"));
    const answer = await health(cluster);
    expect(answer).toMatchObject({ healthy: true, status: "healthy" });
    expect(checkOf(answer, "pods")?.message).toBe("1000 of 1000 looked at are fine, there are more");
    expect(answer.checks.filter(({ name }) => name.startsWith("pod "))).toHaveLength(60);
    expect(cluster.said("kubectl").filter((words) => words.includes("/pods?"))).toEqual([
      expect.stringMatching(/\/api\/v1\/pods\?limit=200$/),
      ...Array.from({ length: 4 }, () => expect.stringMatching(/\/api\/v1\/pods\?limit=200&continue=a%26b%3Dc$/)),
    ]);
  });

  test("about a pod in trouble comes first, however many there are", async () => {
    const many = Array.from({ length: 199 }, (_, index) => pod(`default/p${index}`));
    const answer = await health(await longUp(...many, pod("default/z", crashing)));
    expect(answer.checks.find(({ name }) => name.startsWith("pod "))).toMatchObject({
      name: "pod default/z",
      ok: false,
    });
  });

  test.each([
    ["no list", { items: "none" }],
    ["items of no shape", page([[], { metadata: 1 }, { metadata: { name: "x" }, status: [] }, { status: null }])],
    ["nothing", {}],
  ])("may be %s without harm", async (_, document) => {
    const cluster = await longUp();
    cluster.api.set("/api/v1/pods", document);
    cluster.api.set("/api/v1/nodes", document);
    expect(checkOf(await health(cluster), "api")?.ok).toBe(true);
  });

  test("has its control characters taken out and is cut", async () => {
    const message = `\u001b[2Jline one\nline two\u0000${"x".repeat(10_000)}`;
    const answer = await health(await longUp(pod("default/web", waiting("ImagePullBackOff", { message }))));
    expect(answer.message).toMatch(/^pod default\/web: ImagePullBackOff: line one line two x{200,300}…$/);
  });

  test("may be no JSON at all", async () => {
    const cluster = await longUp();
    cluster.programs.answer("kubectl", () => ({ stdout: "<html>" }));
    expect(await health(cluster)).toMatchObject({
      status: "unhealthy",
      message: "api: kubectl answered for /api/v1/nodes?limit=500 with something that is not JSON.",
    });
  });
});

test("a probe that was cancelled says nothing about the cluster", async () => {
  const cluster = await longUp();
  const cancel = new AbortController();
  cluster.programs.answer("kubectl", () => {
    cancel.abort(new Error("cancelled"));
    throw new Error("kubectl was stopped");
  });
  const { exitCode } = await runCommand(plugin, "health", {}, { ...cluster.services, signal: cancel.signal });
  expect(exitCode).toBe(1);
});
