import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bundlePlugin } from "@dockersnap/plugin-sdk/bundling";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestEngine } from "../../echo/test/engine.ts";
import { prepareNodeImage } from "./node-image.ts";

const missing = ["kind", "kubectl", "docker", "openssl"].filter(
  (program) => spawnSync(program, ["version"]).error !== undefined,
);
const where = missing.length === 0 ? "" : ` (skipped: this machine has no ${missing.join(", no ")})`;
const nodeImage = "dockersnap-tests/node:1";

/** kind's nodes are privileged, which a test's machine may not allow; these need not be. */
function unprivilegedDocker(): string {
  const docker = execFileSync("which", ["docker"], { encoding: "utf8" }).trim();
  return `#!/bin/sh
for word in "$@"; do
  shift
  [ "$word" = --privileged ] || set -- "$@" "$word"
done
exec ${docker} "$@"
`;
}

describe.skipIf(missing.length > 0)(`with the real kind and kubectl${where}`, () => {
  let engine: TestEngine;
  let folder: string;
  let config: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "kind-real-"));
    await bundlePlugin(resolve(import.meta.dirname, ".."), join(folder, "kind-plugin"));
    writeFileSync(join(folder, "docker"), unprivilegedDocker(), { mode: 0o755 });
    const image = await prepareNodeImage(folder);
    config = image.config;
    engine = await TestEngine.start();
    const changes = image.changes.flatMap((change) => ["--change", change]);
    expect(docker("import", ...changes, image.archive, nodeImage).status).toBe(0);
  });
  afterAll(async () => {
    await engine?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const docker = (...args: string[]) =>
    spawnSync("docker", ["--host", `unix://${engine.socket}`, ...args], { encoding: "utf8" });

  /** As the daemon does: one process, the input on stdin. */
  function run(command: string) {
    const input = JSON.stringify({
      contract_version: "1",
      command,
      instance_name: "real",
      instance: { name: "real", socket: engine.socket, ns_veth_ip: engine.address, netns_name: engine.netns },
      plugin_config: { kind_config: config, node_image: nodeImage, retries: 0, wait_timeout: "60s" },
    });
    const { status, stdout, stderr } = spawnSync(join(folder, "kind-plugin"), [command], {
      input,
      encoding: "utf8",
      env: { ...process.env, HOME: folder, PATH: `${folder}:${process.env.PATH}` },
    });
    const documents = stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    return { status, documents, stderr };
  }

  test("a cluster is created, step by step, and nothing is written to the operator's home", () => {
    expect(run("validate")).toMatchObject({ status: 0, documents: [{ valid: true }] });
    const { documents, stderr } = run("deploy");
    expect(documents.at(-1), stderr).toEqual({ step: "complete", status: "done", message: "cluster real running" });
    expect(documents.map(({ step, status }) => `${step} ${status}`)).toEqual(
      expect.arrayContaining(["ensuring-node-image done", "preparing-nodes done", "starting-control-plane done"]),
    );
    const [node] = JSON.parse(docker("inspect", "real-control-plane").stdout);
    expect(node.HostConfig.RestartPolicy.Name).toBe("always");
    expect(existsSync(join(folder, ".kube"))).toBe(false);
  });

  test("it is described, and healthy again after a stop and a start of its node", async () => {
    expect(run("describe").documents).toMatchObject([
      { status: "running", details: { cluster: "real", api: "answers", kubernetes_version: "v1.31.2" } },
    ]);
    expect(run("health").documents).toMatchObject([{ status: "healthy" }]);
    expect(docker("stop", "--time", "0", "real-control-plane").status).toBe(0);
    expect(run("health").documents).toMatchObject([{ status: "unhealthy" }]);
    expect(docker("start", "real-control-plane").status).toBe(0);
    await expect.poll(() => run("health").documents, { timeout: 30_000 }).toMatchObject([{ status: "healthy" }]);
  });

  test("its kubeconfig reaches the API server by an address its certificate does not know, and no other server", () => {
    const [{ files }] = run("access").documents;
    const [, port] = /:(\d+)/.exec(docker("port", "real-control-plane", "6443/tcp").stdout) ?? [];
    const path = join(folder, "kubeconfig");
    const get = (content: string) => {
      writeFileSync(path, content, { mode: 0o600 });
      const kubectl = ["kubectl", "--kubeconfig", path, "get", "--raw", "/readyz"];
      return spawnSync("nsenter", [`--net=/run/netns/${engine.netns}`, "--", ...kubectl], { encoding: "utf8" });
    };
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the tokens are this text.
    const kubeconfig = files[0].content.replace("${HOST}:${PORT:kubernetes-api}", `127.0.0.1:${port}`);
    expect(get(kubeconfig)).toMatchObject({ status: 0, stdout: "ok" });
    const other = get(kubeconfig.replace('tls-server-name: "kubernetes"', 'tls-server-name: "another"'));
    expect(other.status).not.toBe(0);
    expect(other.stderr).toContain("certificate is valid for kubernetes");
  });
});
