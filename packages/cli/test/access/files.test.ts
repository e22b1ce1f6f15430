import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeAccessFiles } from "../../src/access/files.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "access-files-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const owner = { daemon: "http://127.0.0.1:9847", created_at: "2026-04-30T10:00:00.000Z" };
const file = { name: "client.conf", content: "key", mode: "0600" };

it("makes a home that is not there yet, and keeps the access files in it from others", async () => {
  const home = join(root, "srv/nobody");
  await writeAccessFiles(join(home, ".dockersnap/web"), [file], [], owner);
  expect(readFileSync(join(home, ".dockersnap/web/client.conf"), "utf8")).toBe("key");
  expect(statSync(join(home, ".dockersnap")).mode & 0o777).toBe(0o700);
  expect(statSync(join(home, ".dockersnap/web")).mode & 0o777).toBe(0o700);
});

it("names the folder that cannot be made and what to do", async () => {
  writeFileSync(join(root, "home"), "not a folder");
  await expect(writeAccessFiles(join(root, "home/.dockersnap/web"), [file], [], owner)).rejects.toThrow(
    `The folder ${root}/home for access files cannot be made (EEXIST). Set HOME to a folder you may write to.`,
  );
});

it("leaves a folder alone that somebody made in the place of a file that is gone from the answer", async () => {
  const folder = join(root, ".dockersnap/web");
  await writeAccessFiles(folder, [file], [], owner);
  rmSync(join(folder, file.name));
  mkdirSync(join(folder, file.name));
  await writeAccessFiles(folder, [], [], owner);
  expect(readdirSync(folder).sort()).toEqual([".manifest.json", file.name]);
});
