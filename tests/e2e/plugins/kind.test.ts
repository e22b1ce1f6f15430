import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ProgressEvent } from "@dockersnap/contract/words";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { busyboxArchive } from "../../../plugins/echo/busybox.ts";
import { shell } from "../../support/cli.ts";
import { pageOn } from "../../support/connection.ts";
import { Engine } from "../../support/engine.ts";
import { repository } from "../../support/repository.ts";
import { World } from "../../support/world.ts";

/** A kind and a kubectl of the plugin's own tests: clusters are containers, the API server is a busybox in them. */
const programs = join(repository, "plugins/kind/test/programs");

const node = {
  metadata: { name: "NODE", labels: { "node-role.kubernetes.io/control-plane": "" } },
  status: { nodeInfo: { kubeletVersion: "v1.30.4" }, conditions: [{ type: "Ready", status: "True" }] },
};
const pod = {
  metadata: { namespace: "default", name: "web", creationTimestamp: "2026-01-01T00:00:00Z" },
  status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
};

let world: World;
let folder: string;
let demo: string;
const progress: ProgressEvent[] = [];

beforeAll(async () => {
  world = await World.prepare({ config: { plugins: { environment: ["FAKE_KIND_DIR"] } } });
  folder = join(world.dir, "kind");
  mkdirSync(folder);
  const archive = await busyboxArchive();
  if (archive === undefined) throw new Error("This host has no static busybox; install busybox-static.");
  await pipeline(archive, createWriteStream(join(folder, "rootfs.tar")));
  writeFileSync(join(folder, "readyz"), "ok");
  writeFileSync(join(folder, "nodes"), JSON.stringify({ items: [node] }));
  writeFileSync(join(folder, "pods"), JSON.stringify({ items: [pod] }));
  writeFileSync(join(folder, "fail-1"), "");
  world.installPlugin("kind", join(repository, "bin/plugins/kind"));
  await world.startDaemon({ PATH: `${programs}:${process.env.PATH}`, FAKE_KIND_DIR: folder });
  demo = world.name("demo");
  await world.client.instances.create(
    { name: demo, workload_inline: { plugin: "kind", config: { kubernetes_version: "v1.30.4", retries: 2 } } },
    { onProgress: (event) => progress.push(event) },
  );
});
afterAll(() => world?.end());

/** What a person's shell finds after `use`: the file KUBECONFIG names, its mode, and the port of its server. */
async function use(name: string) {
  const { stdout, stderr } = await shell(
    world,
    `eval "$(dockersnap use ${name})"; stat -c %a "$KUBECONFIG"; cat "$KUBECONFIG"`,
  );
  const [mode = "", ...lines] = stdout.split("\n");
  expect(mode, stderr).toBe("600");
  const { server, ...cluster } = parse(lines.join("\n")).clusters[0].cluster;
  const { hostname, port, protocol } = new URL(server);
  expect({ hostname, protocol }).toEqual({ hostname: world.address, protocol: "https:" });
  return { port: Number(port), cluster };
}

/** A node that has just been started takes a moment. */
const becomesHealthy = (name: string) => {
  const health = async () => {
    const { status, message } = await world.client.instances.workloadHealth(name, { fresh: true });
    return { status, message };
  };
  return expect.poll(health, { timeout: 60_000, interval: 500 }).toEqual({ status: "healthy" });
};

it("creates a cluster at the second try, telling both live", () => {
  const told = progress.map(({ message }) => message);
  expect(told).toEqual(
    expect.arrayContaining([
      `creating the cluster ${demo} (attempt 1 of 2)`,
      "Ensuring node image (kindest/node:v1.30.4)",
      "attempt 1 of 2 failed: failed to create cluster: failed to init node with kubeadm; removing what it left",
      `creating the cluster ${demo} (attempt 2 of 2)`,
    ]),
  );
  const calls = readFileSync(join(folder, "calls"), "utf8").split("\n");
  expect(calls.filter((call) => /^(create|delete) /.test(call)).map((call) => call.split(" --kubeconfig")[0])).toEqual([
    `create cluster --name ${demo}`,
    `delete cluster --name ${demo}`,
    `create cluster --name ${demo}`,
  ]);
});

it("leads a shell's KUBECONFIG to the API server through the host, and tells of its health", async () => {
  const { port, cluster } = await use(demo);
  expect(await pageOn(world, port, "/readyz")).toBe("ok");
  expect(cluster).toEqual({
    "tls-server-name": "kubernetes",
    "certificate-authority-data": Buffer.from(`of ${demo}`).toString("base64"),
  });
  // On the loopback alone, a machine other than the daemon's host would not reach it.
  const { ports } = await world.client.instances.ports(demo);
  expect(ports).toMatchObject([{ host_port: port, in_container_port: 6443 }]);
  expect(ports[0]).not.toHaveProperty("loopback");
  await becomesHealthy(demo);
  expect(await world.client.instances.workload(demo)).toMatchObject({
    workload_type: "kind",
    status: "running",
    details: { cluster: demo, kubernetes_version: "v1.30.4", nodes: [{ name: `${demo}-control-plane` }] },
  });
});

it("comes up by itself in a clone, which is led to a cluster of its own", async () => {
  await world.client.instances.snapshot(demo, { label: "fresh" });
  const copy = world.name("copy");
  await world.client.instances.clone(demo, { label: "fresh", new_name: copy });
  await becomesHealthy(copy);

  const [source, clone] = [await use(demo), await use(copy)];
  expect(clone.port).not.toBe(source.port);
  expect(clone.cluster).toEqual(source.cluster);
  const engine = await Engine.of(world, copy);
  await engine.exec(`${demo}-control-plane`, "sh", "-c", "echo changed > /www/readyz");
  expect([await pageOn(world, source.port, "/readyz"), await pageOn(world, clone.port, "/readyz")]).toEqual([
    "ok",
    "changed",
  ]);
});

it("refuses what is wrong before anything is created", async () => {
  const name = world.name("wrong");
  const workload_inline = { plugin: "kind", config: { kubernetes_version: "latest", retries: 999 } };
  await expect(world.client.instances.create({ name, workload_inline })).rejects.toMatchObject({
    code: "plugin_refused",
    message: expect.stringMatching(
      /'kubernetes_version' is a whole version.*'retries' is a number of attempts from 0 to 100/,
    ),
  });
  expect((await world.client.instances.list()).map((instance) => instance.name)).not.toContain(name);
});
