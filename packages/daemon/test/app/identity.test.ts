import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { identityOf, keepIdentity } from "../../src/app/identity.ts";

let folder: string;
let state: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dst-"));
  state = join(folder, "state");
  await mkdir(state);
});
afterEach(() => rm(folder, { recursive: true }));

const places = (stateDir: string, runDir: string) => ({ state_dir: stateDir, run_dir: runDir });

function kept(stateDir: string, runDir: string): string {
  const identity = identityOf(places(stateDir, runDir));
  keepIdentity(places(stateDir, runDir), identity);
  return identity.table;
}

it("is the state's: another run folder changes nothing of it and is told, another state is another daemon", async () => {
  const table = kept(state, "/run/one");
  expect(table).toMatch(/^dockersnap_[0-9a-f]{8}$/);
  expect(identityOf(places(state, "/run/one"))).toEqual({ table, formerRunDir: undefined });
  expect(identityOf(places(state, "/run/two"))).toEqual({ table, formerRunDir: "/run/one" });

  const other = join(folder, "other");
  await mkdir(other);
  expect(identityOf(places(other, "/run/one")).table).not.toBe(table);
});

it("moves along with the state, and a copy of the state is another daemon that takes nothing of the first", async () => {
  const table = kept(state, "/run/one");
  const copy = join(folder, "copy");
  await cp(state, copy, { recursive: true });
  const copied = identityOf(places(copy, "/run/two"));
  expect(copied.table).not.toBe(table);
  expect(copied.formerRunDir).toBeUndefined();
  keepIdentity(places(copy, "/run/two"), copied);

  const moved = join(folder, "moved");
  await rename(state, moved);
  expect(identityOf(places(moved, "/run/one"))).toEqual({ table, formerRunDir: undefined });
  expect(identityOf(places(copy, "/run/two"))).toEqual(copied);
});

it("of a daemon that wrote none down is the one it had by its run folder", async () => {
  await writeFile(join(state, "records.db"), "");
  expect(identityOf(places(state, "/run/dockersnap")).table).toBe("dockersnap");
  // The first digits of the SHA-256 of the path.
  expect(identityOf(places(state, "/run/one")).table).toBe("dockersnap_8ef97820");
});

it("is written once", async () => {
  kept(state, "/run/one");
  const file = join(state, "identity.json");
  const before = await stat(file);
  kept(state, "/run/one");
  expect((await stat(file)).ino).toBe(before.ino);
});

it("is found anew where what was written makes no sense", async () => {
  const table = kept(state, "/run/one");
  for (const text of ["", "{", "{}", '{"table":"filter","state_dir":"/x","run_dir":"/y"}']) {
    await writeFile(join(state, "identity.json"), text);
    expect(kept(state, "/run/one")).toBe(table);
    expect(JSON.parse(await readFile(join(state, "identity.json"), "utf8"))).toMatchObject({ table });
  }
});
