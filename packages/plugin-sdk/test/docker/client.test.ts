import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { dockerOn } from "../../src/docker/client.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sdk-docker-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

it.each([
  ["nothing", {}],
  ["a TCP host", { DOCKER_HOST: "tcp://127.0.0.1:1" }],
  ["TLS", { DOCKER_HOST: "tcp://127.0.0.1:1", DOCKER_TLS_VERIFY: "1" }],
  ["an SSH host", { DOCKER_HOST: "ssh://root@127.0.0.1:1" }],
  ["another socket", { DOCKER_HOST: "unix:///nowhere.sock", DOCKER_PATH_PREFIX: "/prefix" }],
])("asks the socket it was given when the environment names %s", async (_, environment: Record<string, string>) => {
  const socket = join(folder, "docker.sock");
  const server = createServer((request, response) => response.end(`asked ${request.url}`)).listen(socket);
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  try {
    expect(String(await dockerOn(socket).ping())).toBe("asked /_ping");
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

it("refuses an input without a socket", () => {
  expect(() => dockerOn("")).toThrow("names no engine socket");
});
