import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { CommandError } from "../../src/process/commandError.ts";
import { identify } from "../../src/process/identity.ts";
import { run } from "../../src/process/run.ts";

const node = process.execPath;
const script = (source: string) => ["--input-type=module", "-e", source] as const;

async function failure(promise: Promise<unknown>): Promise<CommandError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CommandError);
  return error as CommandError;
}

it("gives back both streams unchanged, final newline included", async () => {
  const result = await run(node, script('process.stdout.write("out\\n\\n"); process.stderr.write("err\\n")'));
  expect(result).toEqual({ stdout: "out\n\n", stderr: "err\n" });
});

it("hands over lines as they come and keeps none, the last one without a newline too", async () => {
  const lines: string[] = [];
  const program = script('process.stdout.write("a line of output\\n".repeat(20_000)); process.stdout.write("end")');
  const { stdout } = await run(node, program, { onLine: (line) => lines.push(line), maxOutput: 1_000 });
  expect({ stdout, count: lines.length, last: lines.at(-1) }).toEqual({ stdout: "", count: 20_001, last: "end" });
});

it("hands over the input and closes it", async () => {
  expect((await run("cat", [], { input: "table ip x\n" })).stdout).toBe("table ip x\n");
});

it("gives an empty standard input where none is asked for", async () => {
  expect((await run("cat", [])).stdout).toBe("");
});

it("never lets a shell see the arguments", async () => {
  expect((await run("printf", ["%s|", "$(id)", "a b", "*"])).stdout).toBe("$(id)|a b|*|");
});

it("adds to the environment and takes out what is undefined", async () => {
  const { stdout } = await run("env", [], { env: { DOCKERSNAP_TEST: "1", HOME: undefined } });
  expect(stdout).toContain("DOCKERSNAP_TEST=1\n");
  expect(stdout).not.toMatch(/^HOME=/m);
  expect(stdout).toContain("PATH=");
});

it("keeps the parts of a failed exit apart", async () => {
  const error = await failure(run("sh", ["-c", "echo out; echo why >&2; exit 7"]));
  expect(error).toMatchObject({ reason: "exit", exitCode: 7, signal: undefined, stdout: "out\n", stderr: "why\n" });
  expect(error.message).toBe("`sh -c echo out; echo why >&2; exit 7` exited with code 7: why");
});

it("tells a death by signal from an exit", async () => {
  expect(await failure(run("sh", ["-c", "kill -KILL $$"]))).toMatchObject({
    reason: "signal",
    signal: "SIGKILL",
    exitCode: undefined,
  });
});

it("tells a program that is not there", async () => {
  const error = await failure(run("dockersnap-no-such-program", []));
  expect(error.reason).toBe("spawn");
  expect(error.cause).toMatchObject({ code: "ENOENT" });
});

it("ends the program and its children at the deadline", async () => {
  const error = await failure(run("sh", ["-c", "sleep 60 & echo $!; wait"], { timeoutMs: 200 }));
  expect(error.reason).toBe("timeout");
  expect(identify(Number(error.stdout))).toBeUndefined();
});

it("ends the program when it is cancelled", async () => {
  const cancel = new AbortController();
  const pending = failure(run("sleep", ["60"], { signal: cancel.signal }));
  cancel.abort();
  expect((await pending).reason).toBe("cancelled");
});

it("starts nothing when it was cancelled before", async () => {
  const error = await failure(run("touch", ["/dockersnap-must-not-exist"], { signal: AbortSignal.abort() }));
  expect(error.reason).toBe("cancelled");
  await expect(readFile("/dockersnap-must-not-exist")).rejects.toMatchObject({ code: "ENOENT" });
});

it("ends a program that floods", async () => {
  const error = await failure(run("yes", [], { maxOutput: 10_000 }));
  expect(error.reason).toBe("output");
  expect(error.stdout.length).toBeLessThanOrEqual(10_000);
});

it("cuts long commands and long complaints in its message", async () => {
  const error = await failure(run("sh", ["-c", 'printf "%s" "$1" >&2; exit 1', "sh", "x".repeat(5_000)]));
  expect(error.message.length).toBeLessThan(800);
  expect(error.stderr).toHaveLength(5_000);
});
