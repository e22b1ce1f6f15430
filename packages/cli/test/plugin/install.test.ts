import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
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
  await writeFile(join(folder, "echo"), "new");
  await install("echo");
  expect(await readdir(join(folder, "plugins", "echo"))).toEqual(["echo"]);
  expect(await readFile(join(folder, "plugins", "echo", "echo"), "utf8")).toBe("new");
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
  ["empty", 2, "is not an executable file"],
  ["folder", 2, "is not an executable file"],
])("refuses '%s'", async (name, exit, expected) => {
  await writeFile(join(folder, "Echo.js"), "x");
  await writeFile(join(folder, "empty"), "");
  await mkdir(join(folder, "folder"));
  const { code, stderr } = await install(name);
  expect(code).toBe(exit);
  expect(stderr).toContain(expected);
});
