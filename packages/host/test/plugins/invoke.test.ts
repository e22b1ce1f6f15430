import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Ending, type Invocation, invoke } from "../../src/plugins/invoke.ts";
import { PipeStock } from "../../src/plugins/pipes.ts";

// Processes are started here, and a busy machine may be slow at that.
vi.setConfig({ testTimeout: 60_000 });

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "dockersnap-invoke-test-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function run(body: string, more: Partial<Invocation> = {}): Promise<Ending> {
  const path = join(dir, `plugin-${crypto.randomUUID()}`);
  await writeFile(path, `#!/bin/bash\n${body}\n`, { mode: 0o755 });
  return invoke(new PipeStock(), {
    path,
    command: "health",
    input: undefined,
    env: process.env,
    timeoutMs: 60_000,
    signal: undefined,
    onStdout: () => undefined,
    onStderr: () => undefined,
    ...more,
  });
}

it("says nothing of force where a plugin ends by itself", async () => {
  expect(await run("exit 3")).toEqual({ kind: "exit", code: 3 });
});

it("says that a descendant held the output open", async () => {
  expect(await run("sleep 600 & exit 0")).toEqual({ kind: "exit", code: 0, killed: true });
});

it.each([
  ["nothing of force where SIGTERM is heard", "trap 'exit 1' TERM", {}],
  ["that SIGTERM was not heard", "trap '' TERM", { killed: true }],
])("says %s", async (_, trap, forced) => {
  const stop = new AbortController();
  const ready = () => void stop.abort("enough");
  const ending = await run(`${trap}\necho ready\nsleep 600 & wait`, {
    signal: stop.signal,
    onStdout: ready as () => undefined,
  });
  expect(ending).toEqual({ kind: "cancelled", reason: "enough", ...forced });
});

it("starts a plugin where it is told, and at the root where nothing is said", async () => {
  await run(`pwd > ${dir}/there`, { cwd: dir });
  await run(`pwd > ${dir}/nowhere`);
  expect(await readFile(join(dir, "there"), "utf8")).toBe(`${dir}\n`);
  expect(await readFile(join(dir, "nowhere"), "utf8")).toBe("/\n");
});
