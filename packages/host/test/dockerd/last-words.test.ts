import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lastWords } from "../../src/dockerd/last-words.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "last-words-"));
});
afterAll(() => rm(dir, { recursive: true }));

async function wordsOf(log: string): Promise<string> {
  const file = join(dir, "dockerd.log");
  await writeFile(file, log);
  return lastWords(file);
}

it("repeats errors and leaves out what is only news", async () => {
  const log = [
    'time="…" level=info msg="Starting up"',
    'time="…" level=error msg="no space" error="write \\"/x\\": full"',
    'time="…" level=warning msg="never mind"',
    "failed to start daemon: error initializing graphdriver",
  ].join("\n");
  expect(await wordsOf(log)).toBe('no space: write "/x": full; failed to start daemon: error initializing graphdriver');
});

it("repeats news where there is nothing else", async () => {
  expect(await wordsOf('level=info msg="Starting up"\n')).toBe("Starting up");
});

it("stays short, and is empty without a log", async () => {
  expect((await wordsOf(`${"x".repeat(100_000)}\n`)).length).toBe(1000);
  expect(await lastWords(join(dir, "none"))).toBe("");
});
