import { FakeDocker, type FakeProgram, FakePrograms, type ProgramCall } from "@dockersnap/plugin-sdk/testing";

export const certificate = Buffer.from("a certificate").toString("base64");
const apiPort = 41234;

/** What kind prints of a cluster's credentials. */
export const printedKubeconfig = (cluster: string) => `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${certificate}
    server: https://127.0.0.1:${apiPort}
  name: kind-${cluster}
contexts:
- context:
    cluster: kind-${cluster}
    user: kind-${cluster}
  name: kind-${cluster}
current-context: kind-${cluster}
kind: Config
preferences: {}
users:
- name: kind-${cluster}
  user:
    client-certificate-data: ${certificate}
    client-key-data: ${certificate}
`;

/** What `kind create cluster` says while it goes well. */
export const createLines = [
  'Creating cluster "demo" ...',
  " • Ensuring node image (kindest/node:v1.31.2) 🖼  ...",
  " ✓ Ensuring node image (kindest/node:v1.31.2) 🖼",
  " • Preparing nodes 📦   ...",
  " ✓ Preparing nodes 📦 ",
  " • Starting control-plane 🕹️  ...",
  " ✓ Starting control-plane 🕹️",
  'Set kubectl context to "kind-demo"',
].join("\n");

const image = "kindest/node:v1.31.2";

/** A node as the API server tells of it. */
export const node = (name: string, { ready = true, controlPlane = true, ...change }: NodeChange = {}) => ({
  metadata: { name, labels: controlPlane ? { "node-role.kubernetes.io/control-plane": "" } : {} },
  spec: change.spec ?? {},
  status: {
    nodeInfo: { kubeletVersion: "v1.31.2" },
    conditions: [
      {
        type: "Ready",
        status: ready ? "True" : "False",
        reason: ready ? "KubeletReady" : "KubeletNotReady",
        message: ready ? "" : "cni plugin not initialized",
      },
      ...(change.conditions ?? []),
    ],
  },
});

interface NodeChange {
  readonly ready?: boolean;
  readonly controlPlane?: boolean;
  readonly spec?: object;
  readonly conditions?: readonly object[];
}

/** A pod that runs and is ready, but for what `status` says. */
export const pod = (name: string, status: object = {}, metadata: object = {}) => {
  const [namespace, own] = name.split("/");
  return {
    metadata: { namespace, name: own, creationTimestamp: "2026-01-01T00:00:00Z", ...metadata },
    status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }], containerStatuses: [], ...status },
  };
};

export const page = (items: readonly object[], next = "") => ({ metadata: { continue: next }, items });

/**
 * kind and kubectl that behave: a cluster that was created has its node on the engine, and what the API server says of it
 * is in `api`, by path. Any of the programs can be given another answer.
 */
export class FakeCluster {
  readonly docker = new FakeDocker();
  readonly programs = new FakePrograms();
  /** What `kubectl get --raw <path>` answers: a document, or an error's words. Paths without a query match any. */
  readonly api = new Map<string, object | string>([["/readyz", { ok: true }]]);

  constructor() {
    this.docker.images.add(image);
    this.programs.answer("docker", () => ({ stdout: "Docker version 28.2.2\n" }));
    this.programs.answer("kubectl", (call) => this.kubectl(call));
    this.programs.answer("kind", (call) => this.kind(call));
  }

  /** With a cluster already there, under this name. */
  static async running(name = "demo", roles: readonly string[] = ["control-plane"]): Promise<FakeCluster> {
    const cluster = new FakeCluster();
    for (const role of roles) await cluster.addNode(name, role);
    cluster.api.set("/api/v1/nodes", page([node(`${name}-control-plane`)]));
    cluster.api.set("/api/v1/pods", page([pod("kube-system/etcd"), pod("default/web")]));
    return cluster;
  }

  /** What the answers to `runCommand` come from. */
  get services() {
    return { docker: this.docker, programs: this.programs };
  }

  /** The words of every call of `program`, each as one line. */
  said(program: string): string[] {
    return this.programs.calls
      .map(({ program: started, args }) => [started, ...args])
      .map((words) => (words[0] === "nsenter" ? words.slice(words.indexOf("--") + 1) : words))
      .filter(([name]) => name === program)
      .map((words) => words.join(" "));
  }

  async addNode(cluster: string, role: string, name = `${cluster}-${role}`): Promise<void> {
    const container = await this.docker.client().createContainer({
      name,
      Image: image,
      Labels: { "io.x-k8s.kind.cluster": cluster, "io.x-k8s.kind.role": role },
      HostConfig: { RestartPolicy: { Name: "on-failure", MaximumRetryCount: 1 } },
    });
    await container.start();
  }

  readonly kind = async ({ args }: Pick<ProgramCall, "args">): Promise<Awaited<ReturnType<FakeProgram>>> => {
    const name = args[args.indexOf("--name") + 1] ?? "";
    switch (args.slice(0, 2).join(" ")) {
      case "version":
        return { stdout: "kind v0.29.0 go1.24.2 linux/amd64\n" };
      case "create cluster":
        await this.addNode(name, "control-plane");
        this.api.set("/api/v1/nodes", page([node(`${name}-control-plane`)]));
        return { stderr: createLines };
      case "delete cluster":
        for (const container of this.docker.containers()) {
          if (container.labels["io.x-k8s.kind.cluster"] !== name) continue;
          await this.docker.client().getContainer(container.id).remove({ force: true });
        }
        return {};
      case "get kubeconfig":
        return { stdout: printedKubeconfig(name) };
      default:
        return { exitCode: 1, stderr: `ERROR: unknown command "${args.join(" ")}" for "kind"` };
    }
  };

  readonly kubectl = ({ args }: Pick<ProgramCall, "args">): Awaited<ReturnType<FakeProgram>> => {
    if (args[0] === "version") return { stdout: "Client Version: v1.31.2\n" };
    const path = args.at(-1) ?? "";
    const answer = this.api.get(path) ?? this.api.get(path.split("?")[0] ?? "");
    if (answer === undefined) return { exitCode: 1, stderr: "Error from server (NotFound)" };
    return typeof answer === "string" ? { exitCode: 1, stderr: answer } : { stdout: JSON.stringify(answer) };
  };
}
