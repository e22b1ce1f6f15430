import { readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CheckLine, RuleResult } from "@dockersnap/contract";
import { expect, it } from "vitest";
import { checkPlugin, ruleIds } from "../src/index.ts";

const planted = readFileSync(join(import.meta.dirname, "planted"), "utf8");

interface Change {
  readonly file?: string;
  readonly mode?: number;
  readonly text?: string;
  readonly socket?: string;
}

/** What is said of the plugin with these faults. */
async function check(faults: string, { file = "planted", mode = 0o755, text, socket }: Change = {}) {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "dockersnap-planted-")));
  try {
    const path = join(dir, file);
    await writeFile(path, text ?? planted.replace("faults=''", `faults='${faults}'`));
    // The mode a file is written with is narrowed by the umask.
    await chmod(path, mode);
    const lines: CheckLine[] = [];
    const env = { ...process.env, HOME: dir };
    const request = { path, config: {}, texts: {}, ...(socket === undefined ? {} : { socket }) };
    const signal = new AbortController().signal;
    const holds = await checkPlugin(request, { onLine: (line) => lines.push(line), signal, env });
    return { holds, results: lines.flatMap((line) => (line.kind === "result" ? [line.result] : [])), lines };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** How long an answer took says as much about the machine as about the plugin. */
const complaints = (results: readonly RuleResult[]) =>
  results
    .filter(({ outcome, rule }) => (outcome === "failed" || outcome === "warning") && rule !== "process/time")
    .map(({ rule, outcome }) => `${outcome}: ${rule}`);

/** Each in a run of its own. */
const alone: readonly (readonly [fault: string, found: string, change?: Change])[] = [
  ["none-but-its-name", "failed: file/name", { file: "Planted" }],
  ["none-but-its-mode", "failed: file/executable", { mode: 0o644 }],
  ["none-but-who-may-write", "warning: file/owner", { mode: 0o777 }],
  ["none-but-its-interpreter", "failed: file/interpreter", { text: "#!/opt/none/bin/perl7\n" }],
  ["none-but-a-return", "failed: file/interpreter", { text: "#!/bin/sh\r\nexit 0\r\n" }],
  ["none-but-no-first-line", "failed: file/interpreter", { text: "echo hello\n" }],
  ["none-but-env-finds-nothing", "failed: file/interpreter", { text: "#!/usr/bin/env no-such-language\n" }],
  ["schema-answers", "failed: schema/answers"],
  ["schema-version", "failed: schema/version"],
  ["schema-environment", "failed: schema/environment"],
  ["validate-refuses", "failed: validate/refuses"],
  ["deploy-lines", "failed: deploy/lines"],
  ["deploy-failure", "failed: deploy/failure"],
  ["deploy-honest", "failed: deploy/honest"],
  ["deploy-stops", "failed: deploy/stops"],
  ["broken-input-deploy", "failed: deploy/broken-input"],
  ["teardown-complete", "failed: teardown/complete"],
  ["teardown-again", "failed: teardown/again"],
  ["access-answers", "failed: access/answers"],
  ["broken-input-hang", "failed: access/broken-input"],
  ["hooks-listed", "failed: hooks/listed"],
  ["long-input", "failed: input/long"],
  ["clone", "failed: input/clone"],
  ["config-data", "failed: config/data"],
  ["config-answers", "failed: config/answers"],
  ["process-crash", "failed: process/crash"],
  ["process-leftovers", "failed: process/leftovers"],
  ["process-working-folder", "failed: process/working-folder"],
  ["process-host-engine", "failed: process/host-engine"],
];

/** Faults that do not hide each other, all in one run. */
const together: readonly Readonly<Record<string, string>>[] = [
  {
    "schema-name": "failed: schema/name",
    "schema-options": "failed: schema/options",
    "schema-hooks": "failed: schema/hooks",
    "schema-stable": "failed: schema/stable",
    "init-quiet": "warning: init/quiet",
    "command-unknown": "failed: command/unknown",
    "hooks-unlisted": "failed: hooks/unlisted",
    "hooks-failure": "failed: hooks/failure",
    "validate-accepts-all": "warning: validate/refuses",
    "teardown-lines": "failed: teardown/lines",
    "teardown-failure": "failed: teardown/failure",
    "access-env": "failed: access/env",
    "access-files": "failed: access/files",
    "access-tokens": "failed: access/tokens",
    "describe-answers": "failed: describe/answers",
    "health-consistent": "failed: health/consistent",
    "process-logs": "warning: process/logs",
    "config-secrets": "warning: config/secrets",
  },
  {
    "schema-defaults": "failed: schema/defaults",
    "init-succeeds": "failed: init/succeeds",
    "validate-all-problems": "warning: validate/all-problems",
    "validate-no-traces": "failed: validate/no-traces",
    "broken-input-validate": "failed: validate/broken-input",
    "deploy-complete": "failed: deploy/complete",
    "deploy-waits": "failed: deploy/waits",
    "teardown-complete-twice": "warning: teardown/complete",
    "hooks-lines": "failed: hooks/lines",
    "health-honest": "warning: health/honest",
    "unknown-fields": "failed: input/unknown-fields",
    "process-leftovers-quiet": "warning: process/leftovers",
    "process-temporary-files": "warning: process/temporary-files",
  },
  {
    "validate-accepts": "failed: validate/accepts",
    "deploy-present": "failed: deploy/present",
    "teardown-after-complete": "failed: teardown/complete",
    "hooks-complete": "failed: hooks/complete",
    "health-answers": "failed: health/answers",
  },
];

// A check has folders of its own and mostly waits, so several run at a time.
it.concurrent("finds nothing wrong with a plugin as it should be", async () => {
  const { holds, results } = await check("");
  expect(complaints(results)).toEqual([]);
  expect(holds).toBe(true);
  const skipped = results.filter(({ outcome }) => outcome === "skipped").map(({ rule }) => rule);
  expect(skipped.filter((rule) => !rule.startsWith("engine/"))).toEqual([
    "deploy/complete",
    "teardown/failure",
    "hooks/failure",
  ]);
}, 120_000);

const runs = alone.map(([fault, found, change]) => ({ fault, found, change }));

it.concurrent.each(runs)(
  "finds $fault, and nothing else: $found",
  { timeout: 120_000 },
  async ({ fault, found, change }) => {
    const { holds, results } = await check(fault, change);
    expect(complaints(results)).toEqual([found]);
    expect(holds).toBe(found.startsWith("warning"));
    const told = results.find(({ rule }) => found.endsWith(rule));
    expect(told?.seen).toEqual(expect.any(String));
    expect(told?.fix).toEqual(expect.any(String));
  },
);

it.concurrent.each(together)("finds each of several faults", { timeout: 120_000 }, async (faults) => {
  const { results } = await check(Object.keys(faults).join(" "));
  expect(complaints(results).toSorted()).toEqual(Object.values(faults).toSorted());
});

it.concurrent("tells every rule once, whatever the plugin does", async () => {
  for (const fault of ["schema-answers", "deploy-present"]) {
    const { results } = await check(fault);
    expect(results.map(({ rule }) => rule).toSorted()).toEqual([...ruleIds].toSorted());
  }
}, 120_000);

it.concurrent("holds nothing against a plugin that its SDK does for all of its authors", async () => {
  const text = readFileSync(join(import.meta.dirname, "other-sdk"), "utf8");
  const { holds, results } = await check("", { text });
  expect(complaints(results).toSorted()).toEqual([
    "warning: command/unknown",
    "warning: deploy/complete",
    "warning: hooks/unlisted",
    "warning: teardown/complete",
  ]);
  expect(holds).toBe(true);
}, 120_000);

it.concurrent("takes an engine that does not answer for what it is", async () => {
  const { holds, results } = await check("", { socket: "/nonexistent/docker.sock" });
  expect(complaints(results)).toEqual(["failed: engine/deploy"]);
  expect(holds).toBe(false);
}, 120_000);

it("has a fault planted for every rule that one can be planted for", () => {
  const found = [...alone.map(([, rule]) => rule), ...together.flatMap((faults) => Object.values(faults))];
  const planted = new Set(found.map((rule) => rule.replace(/^\w+: /, "")));
  expect(ruleIds.filter((rule) => !planted.has(rule) && !rule.startsWith("engine/"))).toEqual([
    "deploy/ends",
    "teardown/broken-input",
    "describe/broken-input",
    "health/broken-input",
    "hooks/broken-input",
    "process/time",
    "process/whole-check",
  ]);
});

it("names what a project has built to whoever gives the project", async () => {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "dockersnap-project-")));
  try {
    const project = join(dir, "mine");
    await mkdir(join(project, "bin"), { recursive: true });
    await writeFile(join(project, "bin", "mine"), planted);
    const request = { path: project, config: {}, texts: {} };
    const asked = checkPlugin(request, { onLine: () => undefined, signal: new AbortController().signal });
    await expect(asked).rejects.toThrow(`Did you mean ${join(project, "bin", "mine")}?`);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
