import { afterEach, beforeEach, expect, it } from "vitest";
import { instance, json, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
import { runCli } from "../run-cli.ts";
import { homeWithSocket } from "./home.ts";

let made: Awaited<ReturnType<typeof homeWithSocket>>;
let socket: string;
beforeEach(async () => {
  made = await homeWithSocket();
  socket = made.socket;
});
afterEach(() => made[Symbol.asyncDispose]());

const world = (rest: Record<string, unknown> = {}) =>
  scriptedDaemon({ "GET /instances/demo": json(200, instance("demo", { socket, ...rest })) });

it("runs docker on the instance's socket and answers with its exit code", async () => {
  await using daemon = await world();
  const calls: unknown[] = [];
  const { code } = await runCli(["docker", "demo", "--", "run", "-it", "--rm", "alpine", "-o", "json"], {
    daemon,
    env: { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: "/x", DOCKER_HOST: "tcp://other", LANG: "C" },
    run: async (program, args, env) => {
      calls.push([program, ...args], env);
      return 42;
    },
  });
  expect(code).toBe(42);
  expect(calls).toEqual([
    ["docker", "run", "-it", "--rm", "alpine", "-o", "json"],
    { DOCKERSNAP_REMOTE: daemon.url, DOCKER_HOST: `unix://${socket}`, LANG: "C" },
  ]);
});

it("says that an instance is stopped", async () => {
  await using daemon = await world({ status: "stopped" });
  expect(await runCli(["docker", "demo", "--", "ps"], { daemon })).toMatchObject({
    code: 4,
    stderr: "error: Instance 'demo' is not running (stopped). Start it with 'dockersnap start demo'.\n",
  });
});

it("says that the socket is another host's", async () => {
  await using daemon = await world();
  const remote = daemon.url.replace("127.0.0.1", "0.0.0.0");
  const { code, stderr } = await runCli(["docker", "demo", "-r", remote, "--", "ps"], { daemon });
  expect(code).toBe(4);
  expect(stderr).toContain("listens on a socket of the daemon's host 0.0.0.0");
});

it("says that the socket cannot be seen", async () => {
  await using daemon = await world({ socket: "/nonexistent.sock" });
  const { code, stderr } = await runCli(["docker", "demo", "--", "ps"], { daemon });
  expect(code).toBe(1);
  expect(stderr).toContain("/nonexistent.sock cannot be seen from here");
});

it("says that docker is not there", async () => {
  await using daemon = await world();
  const run = async () => {
    throw Object.assign(new Error("spawn docker ENOENT"), { code: "ENOENT" });
  };
  const { code, stderr } = await runCli(["docker", "demo", "--", "ps"], { daemon, run });
  expect(code).toBe(1);
  expect(stderr).toContain("is it installed and in PATH?");
});
