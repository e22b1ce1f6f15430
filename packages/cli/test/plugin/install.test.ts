import { execFileSync } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "../run-cli.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dockersnap-install-"));
  await writeFile(join(folder, "echo"), "#!/bin/sh\n", { mode: 0o644 });
});
afterEach(() => rm(folder, { recursive: true }));

const install = (name: string, dir = join(folder, "plugins")) =>
  runCli(["plugin", "install", join(folder, name), "--dir", dir]);

it("installs into a folder of the plugin's own, writable by its owner only", async () => {
  const { code, stdout } = await install("echo");
  const path = join(folder, "plugins", "echo", "echo");
  expect({ code, stdout }).toEqual({ code: 0, stdout: `Installed echo as ${path}.\n` });
  expect(await readFile(path, "utf8")).toBe("#!/bin/sh\n");
  for (const place of [path, join(folder, "plugins", "echo"), join(folder, "plugins")]) {
    const { mode, uid } = await stat(place);
    expect({ mode: (mode & 0o777).toString(8), uid }).toEqual({ mode: "755", uid: process.geteuid?.() });
  }
});

it("replaces an older one whole, and tightens its folder", async () => {
  await install("echo");
  await chmod(join(folder, "plugins", "echo"), 0o777);
  await writeFile(join(folder, "echo"), "#!/bin/sh\n: new\n");
  await install("echo");
  expect(await readdir(join(folder, "plugins", "echo"))).toEqual(["echo"]);
  expect(await readFile(join(folder, "plugins", "echo", "echo"), "utf8")).toBe("#!/bin/sh\n: new\n");
  expect(((await stat(join(folder, "plugins", "echo"))).mode & 0o777).toString(8)).toBe("755");
});

it("replaces a plugin that lies flat in the folder where it is", async () => {
  await mkdir(join(folder, "plugins"));
  await writeFile(join(folder, "plugins", "echo"), "old");
  await install("echo");
  expect(await readFile(join(folder, "plugins", "echo"), "utf8")).toBe("#!/bin/sh\n");
});

it.each([
  ["missing", 3, "There is no file"],
  ["Echo.js", 2, "cannot be a plugin's name"],
  ["empty", 2, "is not an executable file: it is empty"],
  ["folder", 2, "holds no 'folder' that is an executable file"],
  ["notes", 2, "it begins neither as a program does nor with '#!'"],
])("refuses '%s'", async (name, exit, expected) => {
  await writeFile(join(folder, "Echo.js"), "x");
  await writeFile(join(folder, "empty"), "");
  await writeFile(join(folder, "notes"), "just words");
  await mkdir(join(folder, "folder"));
  const { code, stderr } = await install(name);
  expect(code).toBe(exit);
  expect(stderr).toContain(expected);
});

it("installs a program as well as a script", async () => {
  await copyFile(process.execPath, join(folder, "prog"));
  expect(await install("prog")).toMatchObject({ code: 0 });
});

it.each([
  ["#!/no/such/python\n", '"/no/such/python"'],
  ["#!/bin/sh\r\n", '"/bin/sh\\r"'],
])("warns of a script whose interpreter is not there: %j", async (text, told) => {
  await writeFile(join(folder, "echo"), text);
  const { code, stderr } = await install("echo");
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(`its first line names ${told}`) });
});

it("tells how the daemon takes it up", async () => {
  expect((await install("echo")).stderr).toContain("dockersnap plugin reload");
});

it("writes through no link", async () => {
  await mkdir(join(folder, "plugins"));
  await mkdir(join(folder, "elsewhere"), { mode: 0o700 });
  await symlink(join(folder, "elsewhere"), join(folder, "plugins", "echo"));
  const { code, stderr } = await install("echo");
  expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringContaining("is a link") });
  expect(await readdir(join(folder, "elsewhere"))).toEqual([]);
  expect((await stat(join(folder, "elsewhere"))).mode & 0o777).toBe(0o700);
});

it("names what a project has built to whoever gives the project", async () => {
  const built = join(folder, "mine", "bin", "mine");
  await mkdir(join(folder, "mine", "bin"), { recursive: true });
  await writeFile(built, "#!/bin/sh\n", { mode: 0o755 });
  const { code, stderr } = await install("mine");
  expect(code).toBe(2);
  expect(stderr).toContain(`Did you mean ${built}?`);
});

describe("a folder", () => {
  const source = () => join(folder, "kit");
  const place = () => join(folder, "plugins", "kit");
  const everything = async () => (await readdir(join(folder, "plugins"), { recursive: true })).map(String).sort();

  beforeEach(async () => {
    await mkdir(join(source(), "lib"), { recursive: true });
    await writeFile(join(source(), "kit"), "#!/bin/sh\n", { mode: 0o644 });
    await writeFile(join(source(), "lib/words.py"), "x = 1\n");
    await writeFile(join(source(), "lib/tool"), "#!/bin/sh\n");
    await chmod(join(source(), "lib/tool"), 0o777);
    await chmod(join(source(), "lib"), 0o777);
    await symlink("lib/words.py", join(source(), "words"));
  });

  it("is installed whole, writable by its owner only", async () => {
    expect(await install("kit")).toMatchObject({ code: 0, stdout: `Installed kit as ${place()}/kit.\n` });
    expect(await everything()).toEqual(["kit", "kit/kit", "kit/lib", "kit/lib/tool", "kit/lib/words.py", "kit/words"]);
    const mode = async (path: string) => ((await stat(join(place(), path))).mode & 0o777).toString(8);
    expect(await Promise.all(["", "kit", "lib", "lib/tool", "lib/words.py"].map(mode))).toEqual([
      "755",
      "755",
      "755",
      "755",
      "644",
    ]);
  });

  it("takes the place of what was there, file or folder, and leaves nothing of it", async () => {
    await mkdir(join(folder, "plugins"));
    await writeFile(place(), "old");
    await install("kit");
    await rm(join(source(), "lib"), { recursive: true });
    await rm(join(source(), "words"));
    await install("kit");
    expect(await everything()).toEqual(["kit", "kit/kit"]);
  });

  it.each([
    [
      "a link that leads out of it",
      () => symlink("/etc/passwd", join(source(), "evil")),
      "leads out of it, to /etc/passwd",
    ],
    ["a link to its neighbour", () => symlink("../kit2", join(source(), "evil")), "leads out of it"],
    ["what is neither", () => void execFileSync("mkfifo", [join(source(), "evil")]), "neither a file nor a folder"],
  ])("that holds %s is refused, and what was there stays", async (_what, spoil, words) => {
    await install("kit");
    const before = await everything();
    await spoil();
    const { code, stderr } = await install("kit");
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(words) });
    expect(await everything()).toEqual(before);
  });
});
