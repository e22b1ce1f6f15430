import { AccessResponse, DescribeResponse, HealthResponse } from "@dockersnap/contract";
import { DockersnapError } from "@dockersnap/contract/words";
import { resolveAccess } from "@dockersnap/core";
import { parseResponse } from "@dockersnap/host/plugins";
import { failedProperly, isAbsent, type Observed, quote, succeeded, tell } from "../process/observed.ts";
import type { Report } from "../report.ts";
import type { Subject } from "../subject.ts";
import { checkBrokenInput } from "./broken-input.ts";

const shapes = { access: AccessResponse, describe: DescribeResponse, health: HealthResponse } as const;

export type Question = keyof typeof shapes;

export const questions = Object.keys(shapes) as readonly Question[];

/** The commands that answer once, of an instance on which nothing was deployed. */
export async function checkQuestions(subject: Subject): Promise<void> {
  for (const question of questions) {
    const { caller, report, good } = subject;
    const observed = await caller.call(question, { input: good });
    if (isAbsent(observed)) {
      report.close(question, `it has no ${question}`);
      continue;
    }
    const problem = answerProblem(question, observed);
    if (problem !== undefined) report.failed(`${question}/answers`, problem);
    else report.ok(`${question}/answers`);
    if (succeeded(observed) && problem === undefined) judgeContent(report, question, observed);
    else closeContent(report, question);
    await checkBrokenInput(subject, {
      rule: `${question}/broken-input`,
      command: question,
      input: good,
      mustRefuse: false,
      answered: (answer) => answerProblem(question, answer),
    });
  }
}

/** What is wrong with an answer, or with the way none was given. */
export function answerProblem(question: Question, observed: Observed): string | undefined {
  if (!succeeded(observed)) {
    if (failedProperly(observed) || hasAnswer(question, observed)) return undefined;
    return observed.ending.kind === "exit" ? `it failed without a word: ${tell(observed)}` : tell(observed);
  }
  const parsed = parseResponse(shapes[question], observed.stdout);
  return "problem" in parsed ? `it ${parsed.problem}` : undefined;
}

/** A health that could not be found out may come with the checks it got to. */
const hasAnswer = (question: Question, observed: Observed) =>
  question === "health" &&
  observed.ending.kind === "exit" &&
  !("problem" in parseResponse(HealthResponse, observed.stdout));

function closeContent(report: Report, question: Question): void {
  const why = `there was no answer to look at; with --socket or --instance there may be`;
  if (question === "access") for (const rule of ["env", "files", "tokens"] as const) report.skip(`access/${rule}`, why);
  if (question === "health") for (const rule of ["consistent", "honest"] as const) report.skip(`health/${rule}`, why);
}

function judgeContent(report: Report, question: Question, observed: Observed): void {
  if (question === "access") judgeAccess(report, observed);
  if (question === "health") judgeHealth(report, observed);
}

/** Judge what an access answer would do to whoever uses it. */
export function judgeAccess(report: Report, { stdout }: Observed): void {
  const parsed = parseResponse(AccessResponse, stdout);
  if ("problem" in parsed) return;
  const { env, files, endpoints } = parsed.value;
  const owned = Object.keys(env ?? {}).filter((name) =>
    ["DOCKER_HOST", "DOCKERSNAP_INSTANCE", "TESTCONTAINERS_HOST_OVERRIDE"].includes(name),
  );
  const envFaults = faultsOf({ env });
  if (envFaults.length > 0) report.failed("access/env", envFaults.join("; "));
  else if (owned.length > 0) report.warn("access/env", `the daemon overwrites its ${owned.join(" and ")}`);
  else report.ok("access/env");
  const fileFaults = faultsOf({ files });
  const names = (files ?? []).map(({ name }) => name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (fileFaults.length > 0) report.failed("access/files", fileFaults.join("; "));
  else if (twice.length > 0) report.failed("access/files", `it writes ${twice.map(quote).join(", ")} twice`);
  else report.ok("access/files");
  // In a file a dollar and a brace may be the file's own language.
  const texts = [...Object.values(env ?? {}), ...(endpoints ?? []).map(({ url }) => url ?? "")];
  const strange = texts
    .flatMap((text) => text.match(/\$\{[A-Z_]+(:[^}]*)?\}/g) ?? [])
    .filter((token) => !known.test(token));
  if (strange.length > 0) report.failed("access/tokens", `it uses ${[...new Set(strange)].join(", ")}`);
  else report.ok("access/tokens");
}

const known = /^\$\{(HOST|ACCESS_DIR|PORT:[^}]+)\}$/;

/** What the daemon refuses in such an answer. */
function faultsOf(response: AccessResponse): readonly string[] {
  try {
    resolveAccess(response, { instance: "", socket: "", address: "127.0.0.1", host: "127.0.0.1", ports: [] });
    return [];
  } catch (error) {
    if (!(error instanceof DockersnapError)) throw error;
    const faults = error.details?.faults;
    return Array.isArray(faults) ? faults.map(String) : [error.message];
  }
}

function judgeHealth(report: Report, { stdout }: Observed): void {
  const parsed = parseResponse(HealthResponse, stdout);
  if ("problem" in parsed) return;
  const { healthy, status, checks } = parsed.value;
  const failing = (checks ?? []).filter(({ ok }) => !ok).map(({ name }) => name);
  if (healthy && status === "unhealthy")
    report.failed("health/consistent", "it says healthy true and status unhealthy");
  else if (!healthy && status === "healthy") {
    report.failed("health/consistent", "it says healthy false and status healthy");
  } else if (healthy && failing.length > 0 && status !== "degraded") {
    report.failed("health/consistent", `it says healthy true, and not ok of ${failing.join(", ")}`);
  } else report.ok("health/consistent");
  if (healthy) report.warn("health/honest", "nothing was deployed, there is no engine, and it says healthy");
  else report.ok("health/honest");
}
