import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  complete,
  instance,
  json,
  ndjson,
  operation,
  type ScriptedDaemon,
  scriptedDaemon,
} from "../../../client/test/scripted-daemon.ts";
import { runCli } from "../run-cli.ts";

let home: string;
let daemon: ScriptedDaemon;
let living: ReturnType<typeof instance>[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "dockersnap-leftovers-"));
  living = [];
  daemon = await openDaemon();
});

afterEach(async () => {
  await daemon[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

/** A daemon with the instances in `living`, each of which offers a kubeconfig. */
async function openDaemon(): Promise<ScriptedDaemon> {
  const opened = await scriptedDaemon({});
  opened.script["GET /instances?all=true"] = (request, response) => json(200, living)(request, response);
  return opened;
}

const created = (second: number) => `2026-04-30T10:00:0${second}.000Z`;

function create(name: string, second = 0, at = daemon): void {
  const made = instance(name, { created_at: created(second) });
  living.push(made);
  at.script[`GET /instances/${name}`] = json(200, made);
  at.script[`GET /instances/${name}/access`] = json(200, {
    contract_version: "1",
    env: { DOCKERSNAP_INSTANCE: name },
    files: [
      { name: "kubeconfig", content: "secret" },
      { name: "tls/ca.pem", content: "pem" },
    ],
    endpoints: [],
  });
  at.script[`DELETE /instances/${name}`] = ndjson([complete], { operation: "op1" });
  at.script["GET /operations/op1"] = json(200, operation("op1"));
}

/** Has this daemon's answer for the instance tell the daemon's id. */
function identify(name: string, at: ScriptedDaemon, id: string): void {
  at.script[`GET /instances/${name}/access`] = json(200, {
    ...{ contract_version: "1", env: { DOCKERSNAP_INSTANCE: name }, endpoints: [] },
    ...{ files: [{ name: "kubeconfig", content: "secret" }], daemon: id },
  });
}

function forget(name: string): void {
  living = living.filter((one) => one.name !== name);
}

const folder = (name: string) => join(home, ".dockersnap", name);
const use = (name: string, at = daemon) => runCli(["use", name], { daemon: at, home });
const folders = async () => (await readdir(join(home, ".dockersnap"))).sort();

it("delete removes the instance's files with their folder", async () => {
  create("web");
  create("db");
  await use("web");
  await use("db");
  expect(await runCli(["delete", "web"], { daemon, home })).toMatchObject({
    code: 0,
    stdout: "Deleted web.\n",
    stderr: "",
  });
  expect(await folders()).toEqual(["db"]);
});

it("delete of a snapshot, and a delete that fails, remove no files", async () => {
  create("web");
  await use("web");
  daemon.script["DELETE /instances/web/snapshots/s1"] = ndjson([complete], { operation: "op1" });
  expect((await runCli(["delete", "web@s1"], { daemon, home })).code).toBe(0);
  daemon.script["DELETE /instances/web"] = json(409, { error: "Busy.", code: "busy" });
  expect((await runCli(["delete", "web"], { daemon, home })).code).toBe(4);
  expect(await readFile(join(folder("web"), "kubeconfig"), "utf8")).toBe("secret");
});

it("use removes the files of instances that are gone, and says so", async () => {
  create("web");
  for (const name of ["a", "b"]) create(name);
  for (const name of ["a", "b"]) await use(name);
  for (const name of ["a", "b"]) forget(name);
  const { code, stderr } = await use("web");
  expect(code).toBe(0);
  expect(stderr).toContain("Removed the access files of deleted instances: a, b.\n");
  expect(await folders()).toEqual(["web"]);
});

it("use of a stopped instance removes what is gone although it fails", async () => {
  create("web");
  create("a");
  await use("a");
  forget("a");
  daemon.script["GET /instances/web"] = json(200, instance("web", { status: "stopped" }));
  expect((await use("web")).code).toBe(4);
  expect(await folders()).toEqual([]);
});

it("use knows a daemon by its id, whatever address it is reached by", async () => {
  await using tunnel = await openDaemon();
  create("a");
  identify("a", daemon, "id-1");
  await use("a");
  forget("a");
  create("web", 0, tunnel);
  identify("web", tunnel, "id-2");
  await use("web", tunnel);
  expect(await folders()).toEqual(["a", "web"]);
  identify("web", tunnel, "id-1");
  expect((await use("web", tunnel)).stderr).toContain("Removed the access files of deleted instances: a.\n");
});

it("use leaves another daemon's files behind the same address", async () => {
  create("a");
  identify("a", daemon, "id-1");
  await use("a");
  forget("a");
  create("web");
  identify("web", daemon, "id-2");
  await use("web");
  expect(await folders()).toEqual(["a", "web"]);
});

it("delete leaves the files of another daemon's instance of the same name", async () => {
  await using other = await openDaemon();
  create("web", 1, other);
  await use("web", other);
  create("web", 2);
  expect((await runCli(["delete", "web"], { daemon, home })).code).toBe(0);
  expect(await readdir(folder("web"))).toContain("kubeconfig");
});

it("use replaces the files of a former instance of the same name", async () => {
  create("web", 1);
  await use("web");
  forget("web");
  create("web", 2);
  await use("web");
  expect((await readdir(folder("web"))).sort()).toEqual([".manifest.json", "kubeconfig", "tls"]);
  create("db");
  await use("db");
  expect(await folders()).toEqual(["db", "web"]);
});

it("use leaves what it does not know to be of a deleted instance of this daemon", async () => {
  await using other = await openDaemon();
  create("theirs", 0, other);
  await use("theirs", other);
  forget("theirs");
  create("web");
  // Without a record, of an older version, no instance's name at all, and a file.
  await mkdir(join(folder("mine"), "deep"), { recursive: true });
  await mkdir(folder("old"));
  await writeFile(join(folder("old"), ".manifest.json"), JSON.stringify({ files: ["kubeconfig"], env: [] }));
  await writeFile(join(folder("old"), "kubeconfig"), "");
  await mkdir(folder("Not-A-Name"));
  await writeFile(folder("file"), "");
  const { stderr } = await use("web");
  expect(stderr).not.toContain("Removed");
  expect(await folders()).toEqual(["Not-A-Name", "file", "mine", "old", "theirs", "web"]);
  expect(await readdir(folder("theirs"))).toContain("kubeconfig");
  expect(await readdir(folder("old"))).toContain("kubeconfig");
});

it("use removes nothing when the daemon does not list its instances, and works all the same", async () => {
  create("a");
  await use("a");
  forget("a");
  create("web");
  daemon.script["GET /instances?all=true"] = json(500, { error: "The disk is gone.", code: "internal" });
  expect((await use("web")).code).toBe(0);
  expect(await folders()).toEqual(["a", "web"]);
});

it("what somebody else put into the folder stays and is named, once", async () => {
  create("web");
  await use("web");
  await writeFile(join(folder("web"), "notes.txt"), "mine");
  await writeFile(join(folder("web"), "tls/own.pem"), "mine");
  const { code, stderr } = await runCli(["delete", "web"], { daemon, home });
  expect(code).toBe(0);
  expect(stderr).toContain(
    `warning: ${folder("web")} stays: dockersnap did not write notes.txt, tls. Remove it yourself if nobody needs it.\n`,
  );
  expect((await readdir(folder("web"), { recursive: true })).sort()).toEqual(["notes.txt", "tls", "tls/own.pem"]);
  forget("web");
  create("db");
  expect((await use("db")).stderr).not.toContain("stays");
});

it("a file's place that became a folder stays, and the rest goes", async () => {
  create("web");
  await use("web");
  await rm(join(folder("web"), "kubeconfig"));
  await mkdir(join(folder("web"), "kubeconfig"));
  expect((await runCli(["delete", "web"], { daemon, home })).stderr).toContain("did not write kubeconfig.");
  expect(await readdir(folder("web"))).toEqual(["kubeconfig"]);
});

it.each(["web", "web/tls"])("nothing is removed through a link in the place of %s", async (path) => {
  create("web");
  await use("web");
  const outside = join(home, "outside");
  await rename(folder(path), outside);
  await symlink(outside, folder(path));
  expect((await runCli(["delete", "web"], { daemon, home })).code).toBe(0);
  expect(await readdir(outside)).toContain(path === "web" ? "kubeconfig" : "ca.pem");
  expect((await lstat(folder(path))).isSymbolicLink()).toBe(true);
});

it("nothing is removed through a link in the place of the folder of all", async () => {
  create("web");
  await use("web");
  const outside = join(home, "outside");
  await rename(join(home, ".dockersnap"), outside);
  await symlink(outside, join(home, ".dockersnap"));
  await runCli(["delete", "web"], { daemon, home });
  expect(await readdir(join(outside, "web"))).toContain("kubeconfig");
});

it("a record that names files outside the folder leads nowhere", async () => {
  create("web");
  await use("web");
  await writeFile(join(home, "precious"), "");
  const record = join(folder("web"), ".manifest.json");
  const written = JSON.parse(await readFile(record, "utf8"));
  await writeFile(record, JSON.stringify({ ...written, files: [...written.files, "../../precious", "/etc/hostname"] }));
  await runCli(["delete", "web"], { daemon, home });
  expect(await readdir(home)).toEqual([".dockersnap", "precious"].sort());
  expect(await folders()).toEqual([]);
});

it("several shells may sweep the same folders at once", async () => {
  create("web");
  const former = Array.from({ length: 20 }, (_none, index) => `former-${index}`);
  for (const name of former) {
    create(name);
    await use(name);
  }
  for (const name of former) forget(name);
  const outcomes = await Promise.all([use("web"), use("web"), use("web"), use("web")]);
  for (const { code, stderr } of outcomes) {
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining("warning") });
  }
  expect(await folders()).toEqual(["web"]);
});
