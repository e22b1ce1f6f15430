import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { instance, json, type ScriptedDaemon, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
import { runCli } from "../run-cli.ts";

let daemon: ScriptedDaemon;
beforeAll(async () => {
  const web = instance("web", { snapshots: [{ label: "s1" }, { label: "s2" }, { label: "t1" }] });
  daemon = await scriptedDaemon({
    "GET /instances": json(200, [web, instance("worker")]),
    "GET /instances/web": json(200, web),
    "GET /plugins": json(200, [{ name: "echo", status: "ready", description: "Says\nit" }]),
    "GET /plugins/echo": json(200, { name: "echo", config_options: [{ name: "text", type: "string" }] }),
    "GET /operations": json(200, [{ id: "op1", kind: "instance.stop", instance: "web", status: "running" }]),
  });
});
afterAll(() => daemon[Symbol.asyncDispose]());

async function completed(...words: string[]) {
  const { stdout } = await runCli(["complete", "--", ...words], { daemon });
  const lines = stdout.trimEnd().split("\n");
  return { values: lines.slice(0, -1).map((line) => line.split("\t")[0]), directive: lines.at(-1) };
}

it.each([
  [["sn"], ["snapshot", "snapshots"], ":4"],
  [["plugin", ""], ["list", "describe", "reload", "new", "test", "build", "check", "install"], ":4"],
  [["plugin", "des"], ["describe"], ":4"],
  [["-o", "json", "sta"], ["start", "standby", "status"], ":4"],
  [["standby", ""], ["set", "list", "web", "worker"], ":6"],
  [["standby", "web@"], ["web@s1", "web@s2", "web@t1"], ":4"],
  [["start", ""], ["web", "worker"], ":4"],
  [["start", "we"], ["web"], ":4"],
  [["start", "web", ""], ["worker"], ":4"],
  [["delete", "web", ""], ["worker"], ":6"],
  [["delete", "web", "worker", "web@s"], ["web@s1", "web@s2"], ":4"],
  [["delete", "web@s1", "web@s"], ["web@s2"], ":4"],
  [["revert", "w"], ["web", "worker"], ":6"],
  [["rollback", "web@"], ["web@s1", "web@s2", "web@t1"], ":4"],
  [["revert", "web@s"], ["web@s1", "web@s2"], ":4"],
  [["revert", "web", "t"], ["t1"], ":4"],
  [["revert", "--force", "web", "t"], ["t1"], ":4"],
  [["clone", "web", "s1", ""], [], ":4"],
  [["revert", "nosuch@"], [], ":4"],
  [["diff", "w"], ["web", "worker"], ":6"],
  [["diff", "web@t"], ["web@t1"], ":4"],
  [["diff", "web", ""], ["s1", "s2", "t1", "now"], ":4"],
  [["diff", "web", "s1", "n"], ["now"], ":4"],
  [["diff", "web@s1", "s"], ["s1", "s2"], ":4"],
  [["diff", "web@s1", "s2", ""], [], ":4"],
  [["diff", "web", "s1", "s2", ""], [], ":4"],
  [["create", "x", "--plugin", ""], ["echo"], ":4"],
  [["create", "x", "--plugin=e"], ["echo"], ":4"],
  [["create", "x", "-p", "echo", "--config", ""], ["text="], ":6"],
  [["create", "x", "--config", ""], [], ":4"],
  [["create", "x", "--config-file", ""], [], ":0"],
  [["list", "-o", ""], ["text", "wide", "json", "yaml", "name"], ":4"],
  [["--output", "j"], ["json"], ":4"],
  [["snapshot", "web@x", "--mode", "p"], ["paused"], ":4"],
  [["revert", "--f"], ["--force"], ":4"],
  [["ops", "show", ""], ["op1"], ":4"],
  [["completion", "z"], ["zsh"], ":4"],
  [["plugin", "install", ""], [], ":0"],
  [["plugin", "new", "x", "--lang", ""], ["typescript", "bash", "python"], ":4"],
  [["plugin", "new", "x", "--dir", ""], [], ":0"],
  [["docker", "we"], ["web"], ":4"],
  [["docker", "--quiet", "we"], ["web"], ":4"],
  [["docker", "web", ""], [], ":0"],
  [["docker", "web", "ps", "--f"], [], ":0"],
  [["nonsense", ""], [], ":4"],
])("completes %j", async (words, values, directive) => {
  expect(await completed(...words)).toEqual({ values, directive });
});

it("suggests nothing when no daemon answers", async () => {
  const { code, stdout } = await runCli(["complete", "--", "start", ""]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: ":4\n" });
});

it("asks the daemon named on the line", async () => {
  const { stdout } = await runCli(["complete", "--", "-r", daemon.url, "start", "wo"]);
  expect(stdout).toContain("worker\trunning\n");
});

it.each([
  ["bash", ["bash", "-n"]],
  ["zsh", ["zsh", "-n"]],
  ["fish", ["fish", "--no-execute"]],
])("prints code that %s can read", async (shell, [program = "", ...args]) => {
  const folder = await mkdtemp(join(tmpdir(), "dockersnap-completion-"));
  try {
    const file = join(folder, "code");
    await writeFile(file, (await runCli(["completion", shell])).stdout);
    const { status, stderr } = spawnSync(program, [...args, file], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("prints code for PowerShell", async () => {
  expect((await runCli(["completion", "powershell"])).stdout).toContain("Register-ArgumentCompleter");
});

it("refuses a shell it does not know", async () => {
  expect((await runCli(["completion", "csh"])).code).toBe(2);
});

it.each([
  ["dockersnap revert web@s", "s1|s2|", "revert|web@s|"],
  ["dockersnap revert web@", "s1|s2|", "revert|web@|"],
  ["dockersnap start ", "web@s1|web@s2|", "start||"],
  ["dockersnap start $(touch pwned) w", "web@s1|web@s2|", "start|$(touch|pwned)|w|"],
])("makes bash complete '%s'", async (line, replies, passed) => {
  const folder = await mkdtemp(join(tmpdir(), "dockersnap-bash-"));
  try {
    const { stdout: code } = await runCli(["completion", "bash"]);
    await writeFile(join(folder, "completion"), code);
    // Words as bash splits them, and a program that shows what it was asked and suggests two names.
    const script = `
      dockersnap() { shift 2; printf '%s|' "$@" > asked; printf 'web@s1\\tx\\nweb@s2\\t\\n:4\\n'; }
      . ./completion
      COMP_LINE=$1 COMP_POINT=\${#1}
      IFS=' ' read -r -a COMP_WORDS <<< "\${1//@/ @ }"
      case $1 in *[\\ @]) COMP_WORDS+=("") ;; esac
      COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
      _dockersnap_complete dockersnap 2>/dev/null
      printf '%s|' "\${COMPREPLY[@]}"; echo; cat asked; ls`;
    const { stdout } = spawnSync("bash", ["-c", script, "bash", line], { cwd: folder, encoding: "utf8" });
    expect(stdout).toBe(`${replies}\n${passed}asked\ncompletion\n`);
  } finally {
    await rm(folder, { recursive: true });
  }
});
