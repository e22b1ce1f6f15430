import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openRecords } from "../../src/records/open.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ds-crash-"));
  path = join(folder, "records.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Let a writer write until it has acknowledged `writes`, then kill it amid the next. The last number it said. */
async function writeAndKill(writes: number): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "writer.ts"), path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let last = -1;
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    seen += 1;
    if (seen === writes) child.kill("SIGKILL");
  }
  expect(await exited).toEqual([null, "SIGKILL"]);
  return last;
}

it("has every acknowledged write, those made lazily too, after the writer was killed amid the next, each one whole", async () => {
  for (const writes of [1, 7, 40]) {
    const last = await writeAndKill(writes);
    const records = openRecords({ path });
    const names = records.instances.all().map(({ name }) => name);
    expect(names.length).toBeGreaterThan(last);
    expect(names).toEqual(Array.from({ length: names.length }, (_, number) => `web-${number}`));
    expect(records.ports.all()).toHaveLength(names.length);
    records.close();
  }
}, 30_000);

it("is refused to a second process while the first lives, and free once it was killed", async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "writer.ts"), path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  expect(() => openRecords({ path })).toThrow(`process ${child.pid}`);
  child.kill("SIGKILL");
  await exited;
  openRecords({ path }).close();
}, 30_000);
