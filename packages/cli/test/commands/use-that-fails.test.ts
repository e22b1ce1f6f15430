import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { instance, json, type ScriptedDaemon, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
import { runCli } from "../run-cli.ts";

// Many shells are started, on machines that may be busy with others.
vi.setConfig({ testTimeout: 60_000 });

/** What a shell has after it used an instance whose workload set one variable of its own. */
const used = {
  DOCKER_HOST: "unix:///run/dockersnap/w1.sock",
  DOCKERSNAP_INSTANCE: "w1",
  ECHO_URL: "http://127.0.0.1:1",
  DOCKERSNAP_EXPORTED: "DOCKER_HOST:DOCKERSNAP_INSTANCE:ECHO_URL",
};
const takenOut =
  "unset DOCKER_HOST;\nunset DOCKERSNAP_INSTANCE;\nunset ECHO_URL;\nunset DOCKERSNAP_EXPORTED;\nfalse;\n";
const takenOutOfFish =
  "set -e DOCKER_HOST;\nset -e DOCKERSNAP_INSTANCE;\nset -e ECHO_URL;\nset -e DOCKERSNAP_EXPORTED;\nfalse;\n";

let home: string;
let daemon: ScriptedDaemon;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "dockersnap-home-"));
  daemon = await scriptedDaemon({
    "GET /instances/w2": json(200, instance("w2")),
    "GET /instances/w2/access": json(200, { contract_version: "1", env: { A: "1" }, files: [], endpoints: [] }),
  });
});
afterEach(async () => {
  await daemon[Symbol.asyncDispose]();
  rmSync(home, { recursive: true });
});

const evaluate = (argv: string[], env: Record<string, string> = used) => runCli(argv, { daemon, home, env });

it.each([
  ["an instance that does not exist", ["use", "nosuch"], 3],
  ["a name that is none", ["use", "../x"], 3],
  ["no name", ["use"], 2],
  ["a word too many", ["use", "w2", "w3"], 2],
  ["a mistyped option", ["use", "w2", "--shel", "zsh"], 2],
  ["an option the shell does not know", ["--frob", "use", "w2"], 2],
  ["a shell that does not exist", ["use", "w2", "--shell", "zhs"], 2],
  ["an address that is none", ["use", "w2", "-r", "ftp://x"], 2],
  ["a daemon that does not run", ["use", "w2", "-r", "http://127.0.0.1:1"], 5],
  ["an option that takes the verb for its value", ["-r", "use", "w2"], 2],
  ["a mistyped verb", ["ues", "w2"], 2],
  ["another mistyped verb", ["usee", "w2"], 2],
  ["a mistyped option of --unset", ["use", "--unste"], 2],
])("takes the instance used before out of the shell, and fails, on %s", async (_what, argv, code) => {
  expect(await evaluate(argv)).toMatchObject({ code, stdout: takenOut });
});

it("does so for an instance that is stopped, whatever its access answers", async () => {
  daemon.script["GET /instances/w2"] = json(200, instance("w2", { status: "stopped" }));
  expect(await evaluate(["use", "w2"])).toMatchObject({
    code: 4,
    stdout: takenOut,
    stderr: "error: Instance 'w2' is not running (stopped). Start it with 'dockersnap start w2'.\n",
  });
});

it("does so in the words of the shell that reads it, as far as the words can be understood", async () => {
  const stdout = takenOutOfFish;
  expect(await evaluate(["use", "nosuch", "--shell", "fish"])).toMatchObject({ stdout });
  expect(await evaluate(["use", "nosuch", "--shell=fish", "--frob"])).toMatchObject({ stdout });
  expect(await evaluate(["use", "nosuch"], { ...used, SHELL: "/usr/bin/fish" })).toMatchObject({ stdout });
  expect(await runCli(["use", "nosuch"], { daemon, home, env: used, parentProgram: "fish" })).toMatchObject({ stdout });
});

it("knows from the instance's folder what was set when the shell does not say", async () => {
  mkdirSync(join(home, ".dockersnap/w1"), { recursive: true });
  writeFileSync(join(home, ".dockersnap/w1/.manifest.json"), JSON.stringify({ files: [], env: ["ECHO_URL"] }));
  const { stdout } = await evaluate(["use", "nosuch"], { DOCKERSNAP_INSTANCE: "w1" });
  expect(stdout).toBe("unset ECHO_URL;\nunset DOCKERSNAP_EXPORTED;\nfalse;\n");
});

it("only fails where nothing was used before", async () => {
  expect(await evaluate(["use", "nosuch"], {})).toMatchObject({ code: 3, stdout: "false;\n" });
});

it.each([[["use", "--help"]], [["use", "w2", "-h"]], [["-h", "use"]]])(
  "prints no help to be evaluated: %j",
  async (argv) => {
    const { code, stdout, stderr } = await evaluate(argv);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "false;\n" });
    expect(stderr).toContain("Usage: dockersnap use [name] [options]");
    const onTerminal = await runCli(argv, { daemon, home, terminal: true });
    expect(onTerminal).toMatchObject({ code: 0, stdout: stderr, stderr: "" });
  },
);

it("prints no shell code for verbs that no shell evaluates, nor on a terminal", async () => {
  expect(await evaluate(["status", "nosuch"])).toMatchObject({ code: 3, stdout: "" });
  expect(await evaluate(["frobnicate"])).toMatchObject({ code: 2, stdout: "" });
});

it("fails on an interrupt that comes while the daemon is asked, and asks no longer", async () => {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  daemon.script["GET /instances/w2/access"] = () => resolve();
  const presses: (() => void)[] = [];
  const outcome = runCli(["use", "w2"], { daemon, home, env: used, onListening: (press) => presses.push(press) });
  await asked;
  for (const press of presses) press();
  expect(await outcome).toMatchObject({ code: 130, stdout: takenOut, stderr: "Interrupted.\n" });
});

const evaluations: [string, string, string[]][] = [
  ["sh, quoted", 'eval "$(dockersnap use nosuch)" && echo WENT-ON', ["sh"]],
  ["sh, help", 'eval "$(dockersnap use --help)" && echo WENT-ON; unset DOCKER_HOST ECHO_URL', ["sh"]],
  ["zsh, help, unquoted", "eval $(dockersnap use --help) && echo WENT-ON; unset DOCKER_HOST ECHO_URL", ["zsh", "-f"]],
  ["sh, unquoted", "eval $(dockersnap use nosuch) && echo WENT-ON", ["sh"]],
  ["dash, quoted", 'eval "$(dockersnap use nosuch)" && echo WENT-ON', ["dash"]],
  ["busybox, quoted", 'eval "$(dockersnap use nosuch)" && echo WENT-ON', ["busybox", "sh"]],
  ["bash, quoted", 'eval "$(dockersnap use nosuch)" && echo WENT-ON', ["bash", "--norc"]],
  ["bash, unquoted", "eval $(dockersnap use nosuch) && echo WENT-ON", ["bash", "--norc"]],
  ["bash, read from a pipe", "source <(dockersnap use nosuch) && echo WENT-ON", ["bash", "--norc"]],
  ["zsh, quoted", 'eval "$(dockersnap use nosuch)" && echo WENT-ON', ["zsh", "-f"]],
  ["zsh, unquoted", "eval $(dockersnap use nosuch) && echo WENT-ON", ["zsh", "-f"]],
  [
    "zsh that splits and globs as sh does",
    "setopt sh_word_split glob_subst; eval $(dockersnap use nosuch) && echo WENT-ON",
    ["zsh", "-f"],
  ],
  ["fish, quoted", 'eval "$(dockersnap use nosuch)" && echo WENT-ON', ["fish", "--no-config"]],
  ["fish, unquoted", "eval (dockersnap use nosuch); and echo WENT-ON", ["fish", "--no-config"]],
  ["fish, sourced", "dockersnap use nosuch | source && echo WENT-ON", ["fish", "--no-config"]],
];

describe("a shell that evaluates a 'use' that fails", () => {
  let bin: string;

  /** `dockersnap` as a program of these sources, which the shells find in PATH. */
  beforeAll(() => {
    bin = mkdtempSync(join(tmpdir(), "dockersnap-bin-"));
    const main = join(import.meta.dirname, "../../src/start.ts");
    writeFileSync(join(bin, "dockersnap"), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
    chmodSync(join(bin, "dockersnap"), 0o755);
  });
  afterAll(() => rmSync(bin, { recursive: true }));

  // As after a 'use' in this very shell, whatever the login shell is; no daemon runs at that address.
  const environment = () => ({
    ...used,
    HOME: home,
    PATH: `${bin}:${process.env.PATH}`,
    DOCKERSNAP_REMOTE: "http://127.0.0.1:1",
    SHELL: "/bin/bash",
  });

  it.each(evaluations)("runs nothing after '&&', and is out of the instance before: %s", (_title, script, command) => {
    const [program = "", ...args] = command;
    const { stdout } = spawnSync(program, [...args, "-c", `${script}\necho "[$DOCKER_HOST$ECHO_URL]"`], {
      env: environment(),
      encoding: "utf8",
      timeout: 30_000,
    });
    expect(stdout).toBe("[]\n");
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("is told to fail by a %s too", async (signal) => {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    daemon.script["GET /instances/w2/access"] = () => resolve();
    const child = spawn(join(bin, "dockersnap"), ["use", "w2"], {
      env: { ...environment(), DOCKERSNAP_REMOTE: daemon.url },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
    await asked;
    child.kill(signal);
    const code = await new Promise((ended) => child.once("close", ended));
    expect({ code, stdout }).toEqual({ code: 130, stdout: takenOut });
  });
});
