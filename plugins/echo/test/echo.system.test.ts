import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bundlePlugin } from "@dockersnap/plugin-sdk/bundling";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestEngine } from "./engine.ts";

let engine: TestEngine;
let folder: string;
let executable: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "echo-bundle-"));
  executable = join(folder, "echo");
  await bundlePlugin(resolve(import.meta.dirname, ".."), executable);
  engine = await TestEngine.start();
});

afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** As the daemon does: one process, the input on stdin. */
function run(command: string, config: Record<string, unknown>) {
  const input = JSON.stringify({
    contract_version: "1",
    command,
    instance_name: "demo",
    instance: { name: "demo", socket: engine.socket, ns_veth_ip: engine.address, netns_name: engine.netns },
    forwarded_ports: [{ label: "echo", container_port: 5678, host_port: 31000, protocol: "tcp" }],
    plugin_config: config,
  });
  const { status, stdout, stderr } = spawnSync(executable, [command], { input, encoding: "utf8" });
  const documents = stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return { status, documents, stderr };
}

const docker = (...args: string[]) =>
  spawnSync("docker", ["--host", `unix://${engine.socket}`, ...args], { encoding: "utf8" });

const body = async () => (await fetch(`http://${engine.address}:5678/`)).text();

test("the text is served as it was given, nothing in it being code", async () => {
  const text = 'it\'s $(id) `id` "quoted" \\n ü %s; exit';
  expect(run("validate", { text })).toMatchObject({ status: 0, documents: [{ valid: true }] });
  const { status, documents } = run("deploy", { text });
  expect(status).toBe(0);
  expect(documents.at(-1)).toEqual({ step: "complete", status: "done", message: "echo container running" });
  await expect.poll(body).toBe(`${text}\n`);
  expect(run("health", { text })).toMatchObject({ status: 0, documents: [{ healthy: true }] });
});

test("an image that was asked for and cannot be had is a failure, told on both streams", () => {
  const { status, documents, stderr } = run("deploy", { image: "127.0.0.1:9/echo:nope" });
  expect(status).toBe(1);
  expect(documents.at(-1)).toMatchObject({
    status: "error",
    message: expect.stringContaining("127.0.0.1:9/echo:nope cannot be pulled"),
  });
  expect(stderr).toContain("127.0.0.1:9/echo:nope cannot be pulled");
});

test("a second deploy takes the place of the first and needs no new image", async () => {
  const { status, documents } = run("deploy", { text: "again" });
  expect(status).toBe(0);
  expect(documents.map((event) => event.step)).not.toContain("importing");
  await expect.poll(body).toBe("again\n");
});

test("the volume keeps what is written while the container stops and starts, without waiting to be killed", () => {
  expect(docker("exec", "echo", "sh", "-c", "echo kept > /data/note").status).toBe(0);
  const asked = performance.now();
  expect(docker("stop", "--time", "10", "echo").status).toBe(0);
  expect(performance.now() - asked).toBeLessThan(5000);
  expect(run("health", {})).toMatchObject({ status: 0, documents: [{ healthy: false, status: "unhealthy" }] });
  expect(docker("start", "echo").status).toBe(0);
  expect(docker("exec", "echo", "cat", "/data/note").stdout).toBe("kept\n");
});

test("describe tells of the running container, access of its address", () => {
  expect(run("describe", {}).documents).toMatchObject([
    { status: "running", details: { container: "echo", container_id: expect.stringMatching(/^[0-9a-f]{64}$/) } },
  ]);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the token is this text.
  expect(run("access", {}).documents).toMatchObject([{ env: { ECHO_URL: "http://${HOST}:31000" } }]);
});
