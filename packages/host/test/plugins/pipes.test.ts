import { closeSync, readSync, writeSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Pipe, PipeStock } from "../../src/plugins/pipes.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "dockersnap-stock-test-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

function throughPipe({ readEnd, writeEnd }: Pipe, text: string): string {
  const chunk = Buffer.alloc(text.length);
  writeSync(writeEnd, text);
  const length = readSync(readEnd, chunk);
  for (const end of [readEnd, writeEnd]) closeSync(end);
  return chunk.toString("utf8", 0, length);
}

it("gives pipes that have no name any more", async () => {
  const folder = join(dir, "named");
  const stock = new PipeStock(folder);
  const [first, second] = [await stock.take(), await stock.take()];
  expect(throughPipe(first, "one")).toBe("one");
  expect(throughPipe(second, "two")).toBe("two");
  expect(await readdir(dir)).not.toContain("named");
});

it("clears away what a stock left that was killed while it made some", async () => {
  const folder = join(dir, "left");
  await mkdir(folder);
  await writeFile(join(folder, "0"), "in the way");
  expect(throughPipe(await new PipeStock(folder).take(), "through")).toBe("through");
  expect(await readdir(dir)).not.toContain("left");
});
