import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import type { CommandError } from "../../src/process/commandError.ts";
import { identify, untilGone } from "../../src/process/identity.ts";
import { runTool } from "../../src/process/tool.ts";

const tool = new URL("../../src/process/tool.ts", import.meta.url).href;

const failure = (work: Promise<unknown>): Promise<CommandError> =>
  work.then(
    () => {
      throw new Error("The tool was expected to fail.");
    },
    (error: CommandError) => error,
  );

const shellOf = (pid: number) =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").at(-1));

it("gives back both streams unchanged, final newlines included", async () => {
  expect(await runTool("sh", ["-c", "printf 'out\\n\\n'; printf 'err\\n' >&2"])).toEqual({
    stdout: "out\n\n",
    stderr: "err\n",
  });
});

it("hands over the input and closes it", async () => {
  const input = `${"table ip x\n".repeat(20_000)}end`;
  expect((await runTool("cat", [], { input })).stdout).toBe(input);
});

it("gives an empty standard input where none is asked for", async () => {
  expect((await runTool("cat", [])).stdout).toBe("");
});

it.each([
  ["what a shell would expand", ["$(id)", "`id`", "*", "~", "$HOME"]],
  ["what a shell would take apart", ["a b", " c ", "\t", "", "'", '"', "\\", "\\n", "d\\"]],
  ["what a shell would read on", ["; exit", "&", "| cat", "<x", ">x", "#", "-n", "é"]],
  ["lines", ["a\nb", "\n"]],
  ["more than the shell is told", ["x".repeat(40_000), "y"]],
])("hands over %s as it is", async (_what, words) => {
  const print = "for (const word of process.argv.slice(1)) console.log(JSON.stringify(word))";
  const { stdout } = await runTool(process.execPath, ["-e", print, "--", ...words]);
  expect(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual(words);
});

it("gives each of many at once its own", async () => {
  const numbers = Array.from({ length: 50 }, (_, index) => String(index));
  const results = await Promise.all(numbers.map((number) => runTool("cat", [], { input: number })));
  expect(results.map(({ stdout }) => stdout)).toEqual(numbers);
});

it("keeps the parts of a failed exit apart", async () => {
  const error = await failure(runTool("sh", ["-c", "echo out; echo why >&2; exit 7"]));
  expect(error).toMatchObject({ reason: "exit", exitCode: 7, signal: undefined, stdout: "out\n", stderr: "why\n" });
  expect(error.message).toBe("`sh -c echo out; echo why >&2; exit 7` exited with code 7: why");
});

it("tells a death by signal from an exit", async () => {
  expect(await failure(runTool("sh", ["-c", "kill -KILL $$"]))).toMatchObject({ reason: "signal", signal: "SIGKILL" });
});

it("says that a program is not there", async () => {
  const error = await failure(runTool("dockersnap-no-such-tool", []));
  expect(error).toMatchObject({ reason: "spawn", cause: { code: "ENOENT" } });
});

it("ends what writes more than is kept", async () => {
  expect(await failure(runTool("seq", ["1000"], { maxOutput: 100 }))).toMatchObject({ reason: "output" });
  expect(await failure(runTool("cat", ["/dev/zero"]))).toMatchObject({ reason: "output" });
});

it("ends a tool that passes its deadline, and what the tool started", async () => {
  const deaf = "trap : TERM; sleep 1000 & echo $!; wait";
  const error = await failure(runTool("sh", ["-c", deaf], { timeoutMs: 200 }));
  expect(error).toMatchObject({ reason: "timeout" });
  const started = identify(Number(error.stdout));
  if (started !== undefined) await untilGone(started, AbortSignal.timeout(5000));
});

it("kills a tool that does not hear that it is to end", async () => {
  const error = await failure(
    runTool("sh", ["-c", "trap '' TERM; echo $$; while :; do sleep 1; done"], { timeoutMs: 200 }),
  );
  expect(error).toMatchObject({ reason: "timeout" });
  expect(identify(Number(error.stdout))).toBeUndefined();
});

it("ends as always what its shell had begun when that is killed, fails the rest, and starts another", async () => {
  const child = await startNode(`
    import { readFileSync } from "node:fs";
    import { runTool } from ${JSON.stringify(tool)};
    await runTool("true", []);
    const shell = readFileSync("/proc/self/task/" + process.pid + "/children", "utf8").trim();
    const begun = runTool("tail", ["-s", "0.05", "--pid", shell, "-f", "/dev/null"]);
    await runTool("true", []);
    process.kill(Number(shell), "SIGSTOP");
    const rest = runTool("echo", ["never"]).catch((error) => error);
    process.kill(Number(shell), "SIGKILL");
    const { stdout } = await begun;
    const { reason, message } = await rest;
    console.log(JSON.stringify([stdout, reason, message, (await runTool("echo", ["again"])).stdout]));`);
  expect(JSON.parse(await child.line())).toEqual([
    "",
    "spawn",
    "`echo never` could not be started (the shell that starts tools was ended)",
    "again\n",
  ]);
});

it("loses nothing to a Ctrl-C that its process hears", async () => {
  const child = await startNode(`
    import { spawn } from "node:child_process";
    import { once } from "node:events";
    import { readFileSync } from "node:fs";
    import { runTool } from ${JSON.stringify(tool)};
    process.on("SIGINT", () => undefined);
    await runTool("true", []);
    const shell = readFileSync("/proc/self/task/" + process.pid + "/children", "utf8").trim();
    process.kill(Number(shell), "SIGSTOP");
    const ordered = runTool("echo", ["ordered before"]);
    const other = spawn("sleep", ["1000"]);
    const wholeGroup = 0;
    process.kill(wholeGroup, "SIGINT");
    await once(other, "exit");
    process.kill(Number(shell), "SIGCONT");
    console.log(await ordered.then(({ stdout }) => stdout.trim(), ({ message }) => message));`);
  expect(await child.line()).toBe("ordered before");
});

it("leaves no shell behind a daemon that was killed", async () => {
  const child = await startNode(`
    import { runTool } from ${JSON.stringify(tool)};
    await runTool("true", []);
    console.log("ready");
    setInterval(() => {}, 1000);`);
  await child.line();
  const shell = identify(shellOf(child.pid));
  process.kill(child.pid, "SIGKILL");
  expect(shell).toBeDefined();
  if (shell !== undefined) await untilGone(shell, AbortSignal.timeout(5000));
});

it("does not keep a process that waits for no tool", async () => {
  const child = await startNode(`
    import { runTool } from ${JSON.stringify(tool)};
    console.log((await runTool("echo", ["done"])).stdout.trim());`);
  expect(await child.line()).toBe("done");
  expect(await child.exit).toBe(0);
});

async function startNode(source: string) {
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const exit = once(child, "exit").then(([code]) => code as number | null);
  const { pid } = child;
  if (pid === undefined) throw new Error("Node could not be started.");
  return {
    pid,
    exit,
    line: async () => String((await lines.next()).value),
  };
}
