import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bundlePlugin } from "@dockersnap/plugin-sdk/bundling";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeFilesOf } from "./page.ts";

const root = resolve(import.meta.dirname, "../../..");
const page = readFileSync(join(root, "docs/tutorial-plugin.md"), "utf8");
const testingPage = readFileSync(join(root, "docs/how-to/test-a-plugin.md"), "utf8");

/** A workspace with the files of both pages. */
let workspace: string;

beforeAll(async () => {
  workspace = mkdtempSync(join(tmpdir(), "echo-tutorial-"));
  symlinkSync(join(root, "node_modules"), join(workspace, "node_modules"));
  writeFilesOf(page, workspace);
  writeFilesOf(testingPage, workspace);
  await bundlePlugin(join(workspace, "plugins/my-echo"), join(workspace, "bin/plugins/my-echo"));
});

afterAll(() => rmSync(workspace, { recursive: true, force: true }));

describe("the tutorial's plugin", () => {
  test("compiles under the settings of every plugin", () => {
    const settings = { extends: join(root, "plugins/tsconfig.json"), include: ["plugins"] };
    writeFileSync(join(workspace, "tsconfig.json"), JSON.stringify(settings));
    const compiler = join(root, "node_modules/typescript-7/bin/tsc");
    expect(spawnSync(process.execPath, [compiler, "-p", workspace], { encoding: "utf8" }).stdout).toBe("");
  }, 60_000);

  test("passes the tests of the tutorial, and of the page about tests", () => {
    const vitest = join(root, "node_modules/vitest/vitest.mjs");
    const report = join(workspace, "report.json");
    const reporting = ["--reporter", "json", "--outputFile", report];
    spawnSync(process.execPath, [vitest, "run", "--root", workspace, ...reporting]);
    expect(JSON.parse(readFileSync(report, "utf8"))).toMatchObject({ success: true, numPassedTests: 9 });
  }, 60_000);

  test("answers by hand what the page shows", () => {
    const shown = [...page.matchAll(/^\$ bin\/plugins\/my-echo (\w+) <<< '(.*)'\n(.*)$/gm)];
    expect(shown).toHaveLength(2);
    for (const [, command = "", input, answer] of shown) {
      const { stdout } = spawnSync(join(workspace, "bin/plugins/my-echo"), [command], { input, encoding: "utf8" });
      expect(stdout).toBe(`${answer}\n`);
    }
  });

  test("tells its schema", () => {
    const schema = JSON.parse(execFileSync(join(workspace, "bin/plugins/my-echo"), ["schema"], { encoding: "utf8" }));
    expect(schema).toMatchObject({ plugin_name: "my-echo", plugin_version: "1.0.0" });
  });
});
