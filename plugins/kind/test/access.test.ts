import { runCommand } from "@dockersnap/plugin-sdk/testing";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { plugin } from "../kind.ts";
import { readCredentials } from "../kubeconfig.ts";
import { certificate, FakeCluster, printedKubeconfig } from "./fake-cluster.ts";

const port = { label: "kubernetes-api", container_port: 6443, host_port: 34567, protocol: "tcp" } as const;

interface Answer {
  readonly env: Record<string, string>;
  readonly files: { readonly name: string; readonly mode: string; readonly content: string }[];
  readonly endpoints: object[];
}

const access = (cluster: FakeCluster, input: object = {}) =>
  runCommand(plugin, "access", { forwarded_ports: [port], ...input }, cluster.services);

test("the kubeconfig leads through the host, checks the certificate by a name that is in it, and is its owner's alone", async () => {
  const { exitCode, stdout } = await access(await FakeCluster.running());
  expect(exitCode).toBe(0);
  const { env, files, endpoints } = stdout as Answer;
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the token is this text.
  expect(env).toEqual({ KUBECONFIG: "${ACCESS_DIR}/kubeconfig" });
  expect(files).toMatchObject([{ name: "kubeconfig", mode: "0600" }]);
  expect(parse(files[0]?.content ?? "")).toEqual({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "kind-demo",
        cluster: {
          // biome-ignore lint/suspicious/noTemplateCurlyInString: the tokens are this text.
          server: "https://${HOST}:${PORT:kubernetes-api}",
          "tls-server-name": "kubernetes",
          "certificate-authority-data": certificate,
        },
      },
    ],
    users: [{ name: "kind-demo", user: { "client-certificate-data": certificate, "client-key-data": certificate } }],
    contexts: [{ name: "kind-demo", context: { cluster: "kind-demo", user: "kind-demo" } }],
    "current-context": "kind-demo",
  });
  expect(endpoints).toMatchObject([{ name: "kubernetes-api", scheme: "https", host_port_label: "kubernetes-api" }]);
});

test("on a clone the cluster is found by its nodes, which bear the source's name", async () => {
  const cluster = await FakeCluster.running("origin");
  const { exitCode } = await access(cluster, { instance_name: "copy", plugin_config: { cluster_name: "copy" } });
  expect(exitCode).toBe(0);
  expect(cluster.said("kind")).toEqual(["kind get kubeconfig --name origin"]);
});

test("among several clusters the configured one is the instance's", async () => {
  const cluster = await FakeCluster.running("demo");
  await cluster.addNode("other", "control-plane");
  await access(cluster);
  expect(cluster.said("kind")).toEqual(["kind get kubeconfig --name demo"]);
  expect((await access(cluster, { plugin_config: { cluster_name: "third" } })).stdout).toMatchObject({
    error:
      "The instance's engine has the kind clusters demo, other, and none is called 'third'. Delete those that are not the instance's own.",
  });
});

test("without any node there is nothing to reach", async () => {
  const { exitCode, stdout } = await access(new FakeCluster());
  expect(exitCode).toBe(1);
  expect(stdout).toMatchObject({ error: expect.stringContaining("There is no kind cluster on the instance's engine") });
});

test("a cluster whose credentials cannot be had says so in kind's words", async () => {
  const cluster = await FakeCluster.running();
  cluster.programs.answer("kind", () => ({
    exitCode: 1,
    stderr: "ERROR: container demo-control-plane is not running",
  }));
  expect((await access(cluster)).stdout).toMatchObject({
    error: "kind has no credentials for the cluster 'demo': container demo-control-plane is not running",
  });
});

describe("what a container gives out as a kubeconfig", () => {
  test("cannot make a client run a program", async () => {
    const cluster = await FakeCluster.running();
    const hostile = printedKubeconfig("demo").replace(
      "    client-certificate-data:",
      "    exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/rm}\n    token: stolen\n    client-certificate-data:",
    );
    cluster.programs.answer("kind", () => ({ stdout: `${hostile}x: "$(touch /tmp/x)"\n` }));
    const [file] = ((await access(cluster)).stdout as Answer).files;
    expect(file?.content).not.toMatch(/exec|stolen|touch/);
  });

  test.each([
    ["", "it has not exactly one entry under 'clusters'"],
    ["a: [", "it is not YAML"],
    ["x".repeat(2_000_000), "it has more than 1048576 characters"],
    [printedKubeconfig("demo").replace("https:", "http:"), "its server is no https address"],
    [printedKubeconfig("demo").replace(/server: .*/, "server: [1]"), "its server is no https address"],
    [
      printedKubeconfig("demo").replace(/certificate-authority-data: .*/, "x: y"),
      "it has no 'certificate-authority-data'",
    ],
    [printedKubeconfig("demo").replace(/client-key-data: .*/, 'client-key-data: "a b"'), "it has no 'client-key-data'"],
    [printedKubeconfig("demo").replace("users:", "nobody:"), "it has not exactly one entry under 'users'"],
  ])("is refused when it cannot be used (%#)", async (text, why) => {
    await expect(readCredentials(text)).rejects.toThrow(
      `The kubeconfig kind gives out for the cluster cannot be used: ${why}.`,
    );
  });
});
