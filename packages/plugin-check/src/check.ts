import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { type CheckLine, type CheckRequest, contractVersion, DockersnapError } from "@dockersnap/contract";
import { checkConfigValues } from "./chapters/config.ts";
import { checkDeploy } from "./chapters/deploy.ts";
import { checkOnEngine } from "./chapters/engine.ts";
import { checkFile } from "./chapters/file.ts";
import { checkHooks } from "./chapters/hooks.ts";
import { checkInputs } from "./chapters/inputs.ts";
import { checkQuestions, questions } from "./chapters/questions.ts";
import { checkSchema } from "./chapters/schema.ts";
import { checkInit, checkUnknownCommand } from "./chapters/start.ts";
import { checkTeardown } from "./chapters/teardown.ts";
import { checkValidate } from "./chapters/validate.ts";
import { refusingEngine } from "./engine/stand-ins.ts";
import { cloneName, cloneOf, configure, inputFor, instanceName, plausiblePorts } from "./inputs.ts";
import { Caller } from "./process/caller.ts";
import { Scratch } from "./process/scratch.ts";
import { Report } from "./report.ts";
import type { Stage, Subject } from "./subject.ts";

export interface CheckOptions {
  readonly onLine: (line: CheckLine) => void;
  /** Ends the check, and the plugin with it; `checkPlugin` then rejects with its reason. */
  readonly signal: AbortSignal;
  /** What the plugin inherits; this process's own environment when left out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Longer than any plugin that answers takes, with a deploy that pulls images. */
const wholeCheckMs = 30 * 60_000;

/**
 * Run every command of an executable against good, odd and hostile input and tell what holds. Resolves with whether every
 * rule holds; rejects with `not_found` or `invalid_request` where there is nothing to check.
 */
export async function checkPlugin(request: CheckRequest, options: CheckOptions): Promise<boolean> {
  const path = await executableAt(request.path);
  const limit = AbortSignal.timeout(wholeCheckMs);
  const report = new Report((result) => options.onLine({ kind: "result", result }));
  options.onLine({ kind: "plugin", plugin: basename(path), path });
  try {
    await checkAll(path, request, { ...options, signal: AbortSignal.any([options.signal, limit]) }, report);
    report.ok("process/whole-check");
  } catch (error) {
    options.signal.throwIfAborted();
    if (!limit.aborted) throw error;
    report.failed("process/whole-check", `it was ended after ${wholeCheckMs / 60_000} minutes`);
  }
  report.closeAll("the check ended before");
  options.onLine({ kind: "end", holds: report.holds });
  return report.holds;
}

/** The executable itself, or the one in its folder, as plugins are installed. */
async function executableAt(given: string): Promise<string> {
  const path = resolve(given);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new DockersnapError("not_found", `There is no file '${given}' to check.`);
  if (!found.isDirectory()) return path;
  const inside = join(path, basename(path));
  const isFile = async (file: string) => (await stat(file).catch(() => undefined))?.isFile() === true;
  if (await isFile(inside)) return inside;
  const built = join(path, "bin", basename(path));
  const next = (await isFile(built)) ? `Did you mean ${built}?` : "Name the executable itself.";
  throw new DockersnapError(
    "invalid_request",
    `'${given}' is a folder without a file '${basename(path)}' in it. ${next}`,
  );
}

async function checkAll(path: string, request: CheckRequest, options: CheckOptions, report: Report): Promise<void> {
  const canRun = await checkFile(path, report);
  report.close("file");
  if (!canRun) {
    report.closeAll("it cannot be started");
    return;
  }
  const { signal } = options;
  using scratch = new Scratch();
  await using host = await refusingEngine(scratch.path("host.sock"));
  const caller = new Caller({
    path,
    scratch,
    report,
    signal,
    env: options.env ?? process.env,
    hostSocket: host.socket,
  });
  const stage: Stage = { name: basename(path), caller, report, scratch, signal };
  const subject = await introduce(stage, request);
  report.close("schema");
  if (subject !== undefined) await checkCommands(subject, request);
  if (host.requests.length > 0) {
    report.failed(
      "process/host-engine",
      `where DOCKER_HOST led, it asked for ${[...new Set(host.requests)].slice(0, 3).join(", ")}`,
    );
  } else report.ok("process/host-engine");
  if (subject === undefined) report.closeAll("without its schema nothing else can be looked at");
}

/** What the plugin says it is, and with that what it can be asked. */
async function introduce(stage: Stage, request: CheckRequest): Promise<Subject | undefined> {
  const schema = await checkSchema(stage);
  if (schema === undefined || stage.report.has("schema/version", "failed")) return undefined;
  const { scratch } = stage;
  const declared = schema.config_options ?? [];
  const configuration = configure(declared, request, instanceName, scratch);
  const ofClone = configure(declared, request, cloneName, scratch);
  // A default of the wrong type is told by its rule; what else is wrong was given.
  if (configuration.problems.length > 0 && !stage.report.has("schema/defaults", "failed")) {
    throw new DockersnapError(
      "invalid_request",
      `The configuration given cannot be used: ${configuration.problems.join(" ")}`,
    );
  }
  const ports = plausiblePorts(declared, configuration.values);
  const good = inputFor({ socket: scratch.path("no-engine.sock"), scratch, config: configuration.values, ports });
  return {
    ...stage,
    schema: { ...schema, contract_version: contractVersion },
    options: declared,
    configuration,
    good,
    clone: cloneOf(good, ofClone.values),
  };
}

async function checkCommands(subject: Subject, request: CheckRequest): Promise<void> {
  const { report } = subject;
  await checkInit(subject);
  report.close("init");
  await checkUnknownCommand(subject);
  report.close("command");
  await checkValidate(subject);
  report.close("validate");
  await checkDeploy(subject);
  await checkTeardown(subject);
  await checkQuestions(subject);
  await checkHooks(subject);
  await checkInputs(subject);
  await checkConfigValues(subject);
  if (request.socket !== undefined) await checkOnEngine(subject, request.socket, request.instance);
  for (const group of ["deploy", "teardown", "hooks"] as const) {
    report.skip(`${group}/complete`, "none succeeded here; with --socket or --instance one may");
    report.skip(`${group}/failure`, "none failed here");
  }
  for (const group of ["deploy", "teardown", ...questions, "hooks", "input", "config"]) report.close(group);
  report.close("engine", "it takes an engine: give one with --socket or --instance");
}
