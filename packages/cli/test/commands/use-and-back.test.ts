import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { instance, json, type ScriptedDaemon, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
import { runCli } from "../run-cli.ts";
import { homeWithSocket } from "./home.ts";

type Environment = Record<string, string>;

let made: Awaited<ReturnType<typeof homeWithSocket>>;
let home: string;
let socket: string;
let daemon: ScriptedDaemon;
beforeEach(async () => {
  made = await homeWithSocket();
  ({ home, socket } = made);
  daemon = await scriptedDaemon({ "GET /instances/nosuch": json(404, { error: "None.", code: "not_found" }) });
  for (const name of ["demo", "other"]) {
    const env = { DOCKER_HOST: `unix://${socket}`, DOCKERSNAP_INSTANCE: name, [`${name.toUpperCase()}_URL`]: "x" };
    daemon.script[`GET /instances/${name}`] = json(200, instance(name));
    daemon.script[`GET /instances/${name}/access`] = json(200, {
      contract_version: "1",
      env,
      files: [],
      endpoints: [],
    });
  }
});
afterEach(async () => {
  await daemon[Symbol.asyncDispose]();
  await made[Symbol.asyncDispose]();
});

const noted = /^(DOCKER|DEMO_|OTHER_)/;

describe.each(["bash", "dash", "zsh", "fish"])("in %s", (shell) => {
  /** The variables of a shell that had these and evaluates what `dockersnap use` prints for it. */
  async function after(before: Environment, ...words: string[]): Promise<Environment> {
    const dialect = shell === "fish" ? "fish" : "posix";
    const { stdout } = await runCli(["use", ...words, "--shell", dialect], { daemon, home, env: before });
    const printed = execFileSync(shell, ["-c", `${stdout}\nenv -0`], {
      env: { PATH: process.env.PATH, HOME: home, ...before },
      encoding: "utf8",
    });
    const pairs = printed.split("\0").map((pair): [string, string] => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)];
    });
    return Object.fromEntries(pairs.filter(([name]) => noted.test(name)));
  }

  const own = {
    DOCKER_HOST: "tcp://build box:2376",
    DOCKER_TLS_VERIFY: "1",
    DOCKER_CERT_PATH: "/certs/it's here",
    DOCKER_CONTEXT: "remote",
    DEMO_URL: "mine",
  };

  it("--unset brings back what was set before, also after two instances", async () => {
    const inDemo = await after(own, "demo");
    expect(inDemo).toMatchObject({ DOCKER_HOST: `unix://${socket}`, DEMO_URL: "x" });
    const inOther = await after(inDemo, "other");
    expect(inOther).toMatchObject({ DOCKERSNAP_INSTANCE: "other", OTHER_URL: "x", DEMO_URL: "mine" });
    for (const used of [inDemo, inOther]) {
      for (const name of ["DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_CONTEXT"])
        expect(used).not.toHaveProperty(name);
    }
    expect(await after(inOther, "--unset")).toEqual(own);
  });

  it("where an instance's engine cannot be reached from here, docker goes where it went before", async () => {
    const inDemo = await after(own, "demo");
    daemon.script["GET /instances/other/access"] = json(200, {
      ...{ contract_version: "1", env: { OTHER_URL: "x" }, files: [], endpoints: [] },
    });
    const { DEMO_URL: _, ...ofDocker } = own;
    expect(await after(inDemo, "other")).toMatchObject(ofDocker);
  });

  it("a use that fails brings it back too", async () => {
    expect(await after(await after(own, "demo"), "nosuch")).toEqual(own);
  });

  it("--unset leaves nothing where nothing was set before", async () => {
    expect(await after(await after({}, "demo"), "--unset")).toEqual({});
  });
});
