import { mkdirSync } from "node:fs";
import { type PluginInput, ValidateResponse } from "@dockersnap/contract";
import { parseResponse } from "@dockersnap/host/plugins";
import { hostileText, isSecret, withText } from "../inputs.ts";
import { failedProperly, isAbsent, type Observed, succeeded, tell } from "../process/observed.ts";
import { filesIn } from "../process/scratch.ts";
import type { Report } from "../report.ts";
import { ruleIds } from "../rules.ts";
import type { Subject } from "../subject.ts";
import { answerProblem, questions } from "./questions.ts";

/** Keys that are tried one by one; a plugin with more of them has its others tried together. */
const triedAlone = 12;

const secretText = "s3cret-Value-of-plugin-check";

/** Configuration values that would do something if they were taken for code, or should not be told. */
export async function checkConfigValues(subject: Subject): Promise<void> {
  const { report, options, scratch, configuration } = subject;
  const texts = options.filter(({ type }) => type === "string" || type === "string-list");
  if (texts.length === 0) {
    report.close("config", "it takes no text");
    return;
  }
  const trap = scratch.path("trap");
  mkdirSync(trap);
  const hostile = hostileText(trap);
  const all = withText(options, configuration.values, hostile);
  for (const command of ["validate", ...questions, "deploy", "teardown"]) await tryOut(subject, command, all, trap);
  // A plugin that refuses one of them would never get to use another.
  for (const { name } of texts.slice(0, triedAlone)) {
    const one = withText(options, configuration.values, hostile, (option) => option.name === name);
    for (const command of ["deploy", "access"]) await tryOut(subject, command, one, trap, name);
  }
  await checkSecrets(subject);
}

async function tryOut(
  { caller, report, good }: Subject,
  command: string,
  config: Record<string, unknown>,
  trap: string,
  key?: string,
): Promise<void> {
  const before = filesIn(trap).length;
  const input: PluginInput = { ...good, plugin_config: config };
  const observed = await caller.call(command, { input, timeoutMs: Math.min(60_000, caller.timeoutOf(command)) });
  const sprung = filesIn(trap);
  const where = key === undefined ? command : `${command} with it in '${key}'`;
  if (sprung.length > before) report.failed("config/data", `${where} ran what was ${sprung.join(" and ")}`);
  else report.ok("config/data");
  // What is malformed with any configuration is told elsewhere.
  if (isAbsent(observed) || isKnownBroken(report, command)) return;
  const problem = malformed(command, observed);
  if (problem !== undefined) report.failed("config/answers", `${where}: ${problem}`);
  else report.ok("config/answers");
}

const isKnownBroken = (report: Report, command: string) =>
  ruleIds.some((id) => id.startsWith(`${command}/`) && !id.endsWith("/broken-input") && report.has(id, "failed"));

function malformed(command: string, observed: Observed): string | undefined {
  const question = questions.find((each) => each === command);
  if (question !== undefined) return answerProblem(question, observed);
  if (command === "validate") {
    const parsed = parseResponse(ValidateResponse, observed.stdout);
    return "problem" in parsed && !failedProperly(observed) ? tell(observed) : undefined;
  }
  const { progress } = observed;
  if (progress.stray !== undefined) return tell(observed);
  return succeeded(observed) || failedProperly(observed) ? undefined : tell(observed);
}

async function checkSecrets({ caller, report, options, good, configuration }: Subject): Promise<void> {
  const secrets = options.filter((option) => isSecret(option) && option.type === "string");
  if (secrets.length === 0) {
    report.skip("config/secrets", "none of its keys is called a secret, a password, a token or the like");
    return;
  }
  const config = withText(options, configuration.values, secretText, isSecret);
  for (const command of ["validate", "deploy", "access", "health", "teardown"]) {
    const observed = await caller.call(command, { input: { ...good, plugin_config: config } });
    if (!`${observed.stderr}${observed.progress.messages}`.includes(secretText)) continue;
    report.warn("config/secrets", `${command} told the value of ${secrets.map(({ name }) => name).join(" or ")}`);
    return;
  }
  report.ok("config/secrets");
}
