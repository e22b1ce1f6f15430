import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pluginLanguages } from "../../src/plugin/new.ts";
import { linkSdk } from "../../src/plugin/project.ts";
import { runCli } from "../run-cli.ts";

const examples = resolve(import.meta.dirname, "../../../../examples");

let folder: string;
let sdk: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dockersnap-new-"));
  sdk = join(folder, "sdk");
  await mkdir(join(sdk, "templates"), { recursive: true });
  for (const language of pluginLanguages) {
    await symlink(join(examples, `plugin-${language}`), join(sdk, "templates", language));
  }
});
afterEach(() => rm(folder, { recursive: true }));

const begin = (name: string, ...more: string[]) =>
  runCli(["plugin", "new", name, "--dir", join(folder, "mine"), ...more], { pluginSdkFolder: sdk });

const files = async (path: string) =>
  (await readdir(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort();

describe("a new plugin", () => {
  it("is written in TypeScript unless another language is named, with the SDK linked into it", async () => {
    const { code, stdout } = await begin("my-page");
    const project = join(folder, "mine");
    expect({ code, stdout }).toEqual({ code: 0, stdout: `Wrote my-page (typescript) to ${project}.\n` });
    const expected = [".gitignore", "README.md", "package.json", "plugin.ts", "test/plugin.test.ts", "tsconfig.json"];
    expect(await files(project)).toEqual(expected);
    expect(JSON.parse(await readFile(join(project, "package.json"), "utf8"))).toMatchObject({ name: "my-page" });
    expect(await readlink(join(project, "node_modules/@dockersnap/plugin-sdk"))).toBe(sdk);
  });

  it.each([
    ["bash", ["README.md", "my-page", "test/programs/curl", "test/programs/docker", "test/run"]],
    ["python", [".gitignore", "README.md", "my-page", "test/test_plugin.py"]],
  ])("in %s is an executable of its name", async (language, expected) => {
    await begin("my-page", "--lang", language);
    const project = join(folder, "mine");
    expect(await files(project)).toEqual(expected);
    expect((await stat(join(project, "my-page"))).mode & 0o111).not.toBe(0);
  });

  it.each(pluginLanguages)("in %s says its own name everywhere", async (language) => {
    await begin("my-page", "--lang", language);
    const project = join(folder, "mine");
    for (const path of await files(project)) {
      expect(await readFile(join(project, path), "utf8")).not.toContain(`plugin-${language}`);
    }
  });

  it.each([
    ["typescript", ["dockersnap plugin test", "dockersnap plugin build", "dockersnap plugin check bin/my-page"]],
    ["bash", ["test/run", "dockersnap plugin check ./my-page"]],
    ["python", ["python3 -m unittest discover test", "dockersnap plugin check ./my-page"]],
  ])("in %s comes with what to type next", async (language, commands) => {
    const { stderr } = await begin("my-page", "--lang", language);
    for (const command of commands) expect(stderr).toContain(`\n  ${command}\n`);
  });

  it.each([
    ["bash", "bash", ["test/run"]],
    ["python", "python3", ["-m", "unittest", "discover", "test"]],
  ])(
    "in %s passes its own tests",
    async (language, program, args) => {
      await begin("my-page", "--lang", language);
      const project = join(folder, "mine");
      const { status, stdout, stderr } = spawnSync(program, args, { cwd: project, encoding: "utf8" });
      expect(status, stdout + stderr).toBe(0);
    },
    180_000,
  );

  it("goes into a folder that is empty", async () => {
    await mkdir(join(folder, "mine"));
    expect((await begin("my-page")).code).toBe(0);
    expect(await readdir(join(folder, "mine"))).toContain("plugin.ts");
    expect((await readdir(join(folder, "mine"))).filter((name) => name.includes("mine"))).toEqual([]);
  });
});

describe("nothing is written", () => {
  const nothingNew = async (before: readonly string[]) => expect(await readdir(folder)).toEqual(before);

  it.each(["My-Page", "1page", "my_page", "../page", "a".repeat(33)])("for the name '%s'", async (name) => {
    const { code, stderr } = await begin(name);
    expect(code).toBe(2);
    expect(stderr).toContain("expected a lower-case letter followed by");
    await nothingNew(["sdk"]);
  });

  it("for a language that is none", async () => {
    const { code, stderr } = await begin("my-page", "--lang", "cobol");
    expect(code).toBe(2);
    expect(stderr).toContain("typescript, bash, python");
    await nothingNew(["sdk"]);
  });

  it("into a folder that has something in it", async () => {
    await mkdir(join(folder, "mine"));
    await writeFile(join(folder, "mine", "note"), "mine");
    const { code, stderr } = await begin("my-page");
    expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining("is not empty") });
    expect(await readdir(join(folder, "mine"))).toEqual(["note"]);
  });

  it("over a file", async () => {
    await writeFile(join(folder, "mine"), "mine");
    expect((await begin("my-page")).code).toBe(4);
    expect(await readFile(join(folder, "mine"), "utf8")).toBe("mine");
  });

  it("where there is no folder to write to", async () => {
    const { code, stderr } = await runCli(["plugin", "new", "my-page", "--dir", join(folder, "no/where")], {
      pluginSdkFolder: sdk,
    });
    expect({ code, stderr }).toEqual({ code: 3, stderr: `error: There is no folder ${join(folder, "no")}.\n` });
    await nothingNew(["sdk"]);
  });

  it.each([[], ["mine"]])("when the SDK is not whole (%j is there)", async (...before: string[]) => {
    for (const name of before) await mkdir(join(folder, name));
    await rm(join(sdk, "templates/typescript"));
    const { code, stderr } = await begin("my-page");
    expect(code).toBe(1);
    expect(stderr).toContain("is not whole");
    await nothingNew([...before, "sdk"]);
    for (const name of before) expect(await readdir(join(folder, name))).toEqual([]);
  });
});

describe("the link to the SDK", () => {
  const link = () => join(folder, "node_modules/@dockersnap/plugin-sdk");

  it("is there after a checkout, and follows an installation that moved", async () => {
    await linkSdk(folder, "/old/plugin-sdk");
    await linkSdk(folder, sdk);
    await linkSdk(folder, sdk);
    expect(await readlink(link())).toBe(sdk);
    expect(await readdir(join(folder, "node_modules/@dockersnap"))).toEqual(["plugin-sdk"]);
  });

  it("does not replace a package", async () => {
    await mkdir(link(), { recursive: true });
    await linkSdk(folder, sdk);
    expect((await stat(link())).isDirectory()).toBe(true);
    expect(await readdir(link())).toEqual([]);
  });
});
