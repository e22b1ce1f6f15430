import { describe, expect, it } from "vitest";
import { run } from "../../src/program/run.ts";

const signal = () => new AbortController().signal;
const env = { PATH: process.env.PATH ?? "", LANG: "C" };
const node = (script: string, options: Partial<Parameters<typeof run>[2]> = {}) =>
  run(process.execPath, ["-e", script], { env, signal: signal(), ...options });

it("keeps what the program printed, and its exit code", async () => {
  const result = await node("console.log('out'); console.error('err'); process.exit(3)", { allowFailure: true });
  expect(result).toEqual({ exitCode: 3, stdout: "out\n", stderr: "err\n" });
});

it("passes arguments, input and environment as they are", async () => {
  const script = "process.stdin.pipe(process.stdout); console.log(process.argv[1], process.env.X)";
  const result = await run(process.execPath, ["-e", script, "$(id); *"], {
    env: { ...env, X: "y" },
    signal: signal(),
    input: "typed",
  });
  expect(result.stdout).toBe("$(id); * y\ntyped");
});

it("hands lines over as they come", async () => {
  const lines: string[] = [];
  await node("process.stdout.write('a\\nb\\r\\nc')", { onLine: (line, stream) => lines.push(`${stream}:${line}`) });
  expect(lines).toEqual(["stdout:a", "stdout:b", "stdout:c"]);
});

it("hands a line over while the program goes on", async () => {
  const stop = new AbortController();
  const lines: string[] = [];
  const ended = node("console.log('first'); setInterval(() => {}, 1000)", {
    signal: stop.signal,
    onLine: (line) => {
      lines.push(line);
      stop.abort();
    },
  });
  await expect(ended).rejects.toMatchObject({ code: "cancelled" });
  expect(lines).toEqual(["first"]);
});

it("joins a line that comes in pieces, and a letter", async () => {
  const lines: string[] = [];
  const script = `
    const write = (bytes) => new Promise((resolve) => process.stdout.write(bytes, () => setImmediate(resolve)));
    const bytes = Buffer.from("ein Stück\\nzwei\\n");
    (async () => { for (const byte of bytes) await write(Buffer.of(byte)); })();`;
  await node(script, { onLine: (line) => lines.push(line) });
  expect(lines).toEqual(["ein Stück", "zwei"]);
});

describe("a failure", () => {
  it("names the program, its exit code and what it said", async () => {
    await expect(run("sh", ["-c", "echo no space >&2; exit 4"], { env, signal: signal() })).rejects.toMatchObject({
      code: "plugin_failed",
      message: "sh failed with exit code 4: no space",
      details: { exitCode: 4, stderr: "no space\n" },
    });
  });

  it("says when the program is not there", async () => {
    await expect(run("no-such-program", [], { env, signal: signal() })).rejects.toThrow("not installed");
  });

  it("names the signal that ended it", async () => {
    await expect(run("sh", ["-c", "kill -9 $$"], { env, signal: signal() })).rejects.toThrow("ended by SIGKILL");
  });

  it("comes after the time it was given", async () => {
    await expect(node("setInterval(() => {}, 1000)", { timeoutMs: 100 })).rejects.toThrow("took longer than 100 ms");
  });

  it("is what a reader of its lines threw", async () => {
    const refuse = (line: string) => {
      throw new Error(`not ${line}`);
    };
    await expect(run("yes", ["that"], { env, signal: signal(), onLine: refuse })).rejects.toThrow("not that");
  });

  it("comes after endless output", async () => {
    await expect(run("yes", [], { env, signal: signal() })).rejects.toThrow("wrote more than 16 MiB");
  });
});

describe("cancelling", () => {
  it("ends the program, also one that does not listen", async () => {
    const cancel = new AbortController();
    const deaf = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up')";
    const ended = node(deaf, { signal: cancel.signal, onLine: () => cancel.abort() });
    await expect(ended).rejects.toMatchObject({ code: "cancelled" });
  });

  it("does not start a program any more", async () => {
    await expect(node("", { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
  });
});
