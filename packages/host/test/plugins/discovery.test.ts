import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, readFile, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { createPluginHost } from "../../src/plugins/plugin-host.ts";
import { answer, bashPlugin, memoryLog, place, schemaOf } from "./support.ts";

it("finds both layouts and passes over what is no program", async () => {
  await using at = await place();
  await at.write("kind/kind", bashPlugin("kind", {}));
  await at.write("echo", bashPlugin("echo", {}));
  await at.write(".hidden", bashPlugin("hidden", {}));
  await at.write("README.md", "#!/bin/false\n", 0o644);
  await at.write("plain", "not executable", 0o644);
  await at.write("folder/other", bashPlugin("other", {}));
  expect((await at.host.reload()).map(({ name, status }) => `${name} ${status}`)).toEqual(["echo ready", "kind ready"]);
});

it.each([
  ["my_plugin", 0o755, "Its name cannot be a plugin's: expected a lower-case letter"],
  ["X.sh", 0o755, "Its name cannot be a plugin's"],
  ["Mine/Mine", 0o755, "Its name cannot be a plugin's"],
  ["copied", 0o644, "is not executable. 'chmod +x "],
  ["copied/copied", 0o644, "is not executable. 'chmod +x "],
])("tells of the program %s with the mode %o why it is no plugin", async (path, mode, reason) => {
  await using at = await place();
  await at.write(path, bashPlugin("p", {}), mode);
  expect(await at.host.reload()).toMatchObject([
    { name: path.split("/")[0], status: "disabled", error: expect.stringContaining(reason) },
  ]);
});

it("never hands a text without an interpreter to a shell", async () => {
  await using at = await place();
  await at.write("p", `touch ${at.dir}/was-run\n`);
  expect(await at.host.reload()).toMatchObject([
    { status: "disabled", error: expect.stringContaining("begins neither with '#!' nor as a binary") },
  ]);
  expect(existsSync(join(at.dir, "was-run"))).toBe(false);
});

it.each([
  ["no version", { plugin_version: undefined }],
  ["no name", { plugin_name: undefined }],
  [
    "nothing but the contracts it speaks",
    { contract_version: undefined, plugin_version: undefined, plugin_name: null },
  ],
])("takes a schema that has %s", async (_, change) => {
  await using at = await place();
  const info = await at.install("p", { schema: answer(schemaOf("p", change)) });
  expect(info).toMatchObject({ name: "p", status: "ready" });
  expect(info.warnings).toBeUndefined();
});

it("has no plugins where there is no folder", async () => {
  const host = createPluginHost({ dir: "/nowhere/at/all", logLevel: "info", log: memoryLog() });
  expect(await host.reload()).toEqual([]);
});

it("goes on without plugins, and says so, where the folder is a file", async () => {
  await using at = await place();
  const dir = await at.write("file", "");
  const log = memoryLog();
  const host = createPluginHost({ dir, logLevel: "info", log });
  expect(await host.reload()).toEqual([]);
  expect(log.entries).toMatchObject([{ level: "error", fields: { dir } }]);
});

it("tells what a ready plugin says of itself, with digests of its schema's bytes and of its file", async () => {
  await using at = await place();
  const schema = schemaOf("kind", {
    description: "clusters",
    config_options: [{ name: "proxy.http", type: "string" }],
    hooks: ["pre_snapshot", "later"],
    commands: ["deploy"],
    unknown_field: 1,
  });
  const text = bashPlugin("kind", { schema: answer(schema) });
  const info = await at.install("kind", { schema: answer(schema) });
  const sha256 = (bytes: string) => createHash("sha256").update(bytes).digest("hex");
  expect(info).toEqual({
    name: "kind",
    status: "ready",
    path: join(at.dir, "kind/kind"),
    version: "1.2.3",
    description: "clusters",
    supported_contract_versions: ["1"],
    config_options: [{ name: "proxy.http", type: "string" }],
    hooks: ["pre_snapshot", "later"],
    commands: ["deploy"],
    schema_digest: sha256(`${JSON.stringify(schema)}\n`),
    binary_digest: sha256(text),
    warnings: ["It lists the hook 'later', which this daemon does not know and never calls."],
  });
  expect(at.host.ready("kind")).toMatchObject({ contractVersion: "1", hooks: ["pre_snapshot"] });
});

const broken: [string, Record<string, string>, RegExp][] = [
  ["whose schema fails", { schema: "echo no luck >&2; exit 3" }, /failed at schema: no luck/],
  ["whose init fails", { init: "echo no disk >&2; exit 1" }, /failed at init: no disk/],
  ["that prints no schema", { schema: "true" }, /failed at schema: it answered nothing on stdout/],
  ["whose schema is not JSON", { schema: "echo hello" }, /not JSON: "hello"/],
  ["whose schema names no contract", { schema: `echo '{"plugin_name":"p"}'` }, /speaks contract version none/],
  ["whose schema has another shape", { schema: `echo '{"plugin_version":1}'` }, /plugin_version/],
  [
    "of another contract",
    { schema: answer(schemaOf("p", { supported_contract_versions: ["2", "3"] })) },
    /speaks contract version 2, 3; this daemon speaks 1/,
  ],
  ["without a schema command", { schema: "exit 64" }, /exited with 64: not implemented/],
];

it.each(broken)("lists a plugin %s as disabled, with the reason", async (_, commands, reason) => {
  await using at = await place();
  const info = await at.install("p", commands);
  expect(info).toMatchObject({ status: "disabled", error: expect.stringMatching(reason) });
  expect(() => at.host.ready("p")).toThrowError(expect.objectContaining({ code: "plugin_failed" }));
  expect(at.log.entries).toContainEqual(expect.objectContaining({ level: "warn", message: "plugin disabled" }));
});

it("takes a plugin without init as one with nothing to prepare", async () => {
  await using at = await place();
  expect(await at.install("p", { init: "exit 64" })).toMatchObject({ status: "ready" });
});

it("takes the version of the answer where no list of versions comes with it", async () => {
  await using at = await place();
  const { supported_contract_versions: _, ...schema } = schemaOf("p");
  expect(await at.install("p", { schema: answer(schema) })).toMatchObject({ supported_contract_versions: ["1"] });
});

it("reads null where a list is empty", async () => {
  await using at = await place();
  const schema = schemaOf("p", { config_options: null, hooks: null, description: null });
  expect(await at.install("p", { schema: answer(schema) })).toMatchObject({ status: "ready", config_options: [] });
});

it("says of an interpreter that is not there what is missing", async () => {
  await using at = await place();
  await at.write("p", "#!/no/such/interpreter\n");
  expect(await at.host.reload()).toMatchObject([{ status: "disabled", error: expect.stringContaining("interpreter") }]);
});

const loose: [string, (dir: string) => Promise<void>, RegExp][] = [
  ["file is writable by all", (dir) => chmod(join(dir, "p/p"), 0o777), /p\/p can be changed by others .*mode 777/],
  ["file is writable by its group", (dir) => chmod(join(dir, "p/p"), 0o775), /mode 775/],
  ["folder is writable by all", (dir) => chmod(join(dir, "p"), 0o777), /\/p can be changed by others/],
  ["plugins.dir is writable by all", (dir) => chmod(dir, 0o1777), /mode 1777/],
  ["file belongs to somebody else", (dir) => chown(join(dir, "p/p"), 1234, 0), /p\/p belongs to user 1234/],
  ["folder belongs to somebody else", (dir) => chown(join(dir, "p"), 1234, 0), /\/p belongs to user 1234/],
];

it.each(loose)("never runs a plugin whose %s", async (_, loosen, reason) => {
  await using at = await place();
  const marker = join(at.dir, "was-run");
  await at.write("p/p", `#!/bin/bash\ntouch ${marker}\n`);
  await loosen(at.dir);
  const [info] = await at.host.reload();
  expect(info).toMatchObject({ status: "disabled", error: expect.stringMatching(reason) });
  await expect(rm(marker)).rejects.toThrow("ENOENT");
});

it("judges a link by what it leads to, and runs that", async () => {
  await using at = await place();
  await at.write("real", bashPlugin("linked", {}));
  await mkdir(join(at.dir, "linked"));
  await symlink("../real", join(at.dir, "linked/linked"));
  expect(await at.host.reload()).toMatchObject([
    { name: "linked", status: "ready", path: join(at.dir, "real") },
    { name: "real", status: "ready" },
  ]);
  await chmod(join(at.dir, "real"), 0o757);
  expect(await at.host.reload()).toMatchObject([{ status: "disabled" }, { status: "disabled" }]);
});

it("refuses what a link leads to through a folder others can write to", async () => {
  await using at = await place();
  await using other = await place();
  const target = await other.write("bin/p", bashPlugin("p", {}));
  await symlink(target, join(at.dir, "p"));
  expect(await at.host.reload()).toMatchObject([{ status: "ready" }]);
  await chmod(join(other.dir, "bin"), 0o777);
  expect(await at.host.reload()).toMatchObject([{ status: "disabled", error: expect.stringContaining("/bin can be") }]);
});

it.each([
  ["leads nowhere", "p", "gone", /\/p is a link that leads nowhere/],
  ["leads nowhere from its folder", "p/p", "gone", /\/p\/p is a link that leads nowhere/],
  ["leads back to itself", "p", "p", /leads back to itself/],
])("lists a link that %s as disabled, and the others as they are", async (_, link, target, reason) => {
  await using at = await place();
  await at.write("other", bashPlugin("other", {}));
  await mkdir(dirname(join(at.dir, link)), { recursive: true });
  await symlink(target, join(at.dir, link));
  expect(await at.host.reload()).toMatchObject([
    { name: "other", status: "ready" },
    { name: "p", status: "disabled", error: expect.stringMatching(reason) },
  ]);
});

it("lists no folder without a file of its name", async () => {
  await using at = await place();
  await mkdir(join(at.dir, "p"));
  expect(await at.host.reload()).toEqual([]);
});

it("probes several at once, and no more than a few", async () => {
  await using at = await place();
  const names = Array.from({ length: 20 }, (_, index) => `p${index}`);
  for (const name of names) {
    // Each waits for three others to be up; then none is more than there may be.
    await at.write(
      name,
      bashPlugin(name, {
        init: `mkdir -p ${at.dir}/_up; touch ${at.dir}/_up/${name}
until [ -e ${at.dir}/_met ]; do [ "$(ls ${at.dir}/_up | wc -l)" -ge 4 ] && touch ${at.dir}/_met; sleep 0.01; done
ls ${at.dir}/_up | wc -l >> ${at.dir}/_counts; rm ${at.dir}/_up/${name}`,
      }),
    );
  }
  const list = await at.host.reload();
  expect(list.map(({ status }) => status)).toEqual(names.map(() => "ready"));
  const counts = (await readFile(join(at.dir, "_counts"), "utf8")).trim().split("\n").map(Number);
  expect(Math.max(...counts)).toBeLessThanOrEqual(10);
});

it("takes a field of another daemon's plugin for what it is there: not a list of hooks", async () => {
  await using at = await place();
  const schema = schemaOf("p", { hooks: { before: "x" }, commands: "all", homepage: "http://p.example.com" });
  expect(await at.install("p", { schema: answer(schema) })).toMatchObject({ status: "ready" });
  expect(at.host.ready("p").hooks).toEqual([]);
});

it("offers the nearest name for one that is not there", async () => {
  await using at = await place();
  await at.install("echo", {});
  expect(() => at.host.ready("ehco")).toThrowError("There is no plugin 'ehco'. Did you mean 'echo'?");
});

it("swaps the whole list at a reload, and shows the old one until then", async () => {
  await using at = await place();
  await at.install("one", {});
  await rm(join(at.dir, "one"), { recursive: true });
  await at.write("two", bashPlugin("two", {}));
  const names = () => at.host.list().map(({ name }) => name);
  const reload = at.host.reload();
  expect(names()).toEqual(["one"]);
  await reload;
  expect(names()).toEqual(["two"]);
});

it("sees at a reload what was installed just before, while another reload runs", async () => {
  await using at = await place();
  await at.write("one", bashPlugin("one", { init: "sleep 0.2" }));
  const first = at.host.reload();
  await at.write("two", bashPlugin("two", {}));
  const [, second, third] = await Promise.all([first, at.host.reload(), at.host.reload()]);
  expect(second.map(({ name }) => name)).toEqual(["one", "two"]);
  expect(third).toEqual(second);
});
