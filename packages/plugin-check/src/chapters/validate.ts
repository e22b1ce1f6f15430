import { ValidateResponse } from "@dockersnap/contract";
import { parseResponse } from "@dockersnap/host/plugins";
import { refusingEngine } from "../engine/stand-ins.ts";
import { inputFor, wrongTypes } from "../inputs.ts";
import { exitsWith, failedProperly, isAbsent, type Observed, succeeded, tell } from "../process/observed.ts";
import type { Subject } from "../subject.ts";
import { checkBrokenInput } from "./broken-input.ts";

/** validate, from a configuration that is right to one that is wrong all over. */
export async function checkValidate(subject: Subject): Promise<void> {
  const { caller, report, good, configuration } = subject;
  const accepted = await caller.call("validate", { input: good });
  if (isAbsent(accepted)) {
    report.close("validate", "it has no validate");
    return;
  }
  const verdict = verdictOf(accepted);
  if (verdict.kind === "broken") report.failed("validate/accepts", verdict.problem);
  else if (verdict.kind === "accepted") report.ok("validate/accepts");
  else if (configuration.madeUp.length > 0) {
    report.skip(
      "validate/accepts",
      `it refused values made up for ${configuration.madeUp.join(", ")}: give some that work with --config. ${verdict.errors.join(" ")}`,
    );
  } else report.failed("validate/accepts", verdict.errors.join(" ") || tell(accepted));

  await checkTraces(subject, accepted);
  await checkRefusal(subject);
  await checkBrokenInput(subject, {
    rule: "validate/broken-input",
    command: "validate",
    input: good,
    mustRefuse: true,
  });
}

type Verdict =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly errors: readonly string[] }
  | { readonly kind: "broken"; readonly problem: string };

/** What a `validate` said, where it said it as the contract has it. */
function verdictOf(observed: Observed): Verdict {
  const parsed = parseResponse(ValidateResponse, observed.stdout);
  if (succeeded(observed)) {
    if ("problem" in parsed) return { kind: "broken", problem: `it ${parsed.problem}` };
    return parsed.value.valid
      ? { kind: "accepted" }
      : { kind: "broken", problem: "it said valid false and yet exited with 0" };
  }
  if ("problem" in parsed || parsed.value.valid) return { kind: "broken", problem: tell(observed) };
  const errors = parsed.value.errors ?? [];
  if (errors.length === 0) return { kind: "broken", problem: "it said valid false and named no error" };
  if (!exitsWith(observed, 1)) return { kind: "broken", problem: `it refused, and ${tell(observed)}` };
  return { kind: "refused", errors };
}

/** Whether a validate left anything, or asked an engine that happens to be there to change something. */
async function checkTraces({ caller, report, scratch, good }: Subject, accepted: Observed): Promise<void> {
  await using engine = await refusingEngine(scratch.path("validate.sock"));
  const input = inputFor({ socket: engine.socket, scratch, config: good.plugin_config ?? {} });
  const again = await caller.call("validate", { input });
  const changes = engine.requests.filter((request) => !/^(GET|HEAD|OPTIONS) /.test(request));
  const traces = [...accepted.traces, ...again.traces];
  if (changes.length > 0)
    report.failed("validate/no-traces", `it asked the instance's engine to ${changes.join(", ")}`);
  else if (traces.length > 0) report.failed("validate/no-traces", `it left ${[...new Set(traces)].join(", ")}`);
  else report.ok("validate/no-traces");
}

async function checkRefusal(subject: Subject): Promise<void> {
  const { caller, report, options, good } = subject;
  if (options.length === 0) {
    report.skip("validate/refuses", "it declares no configuration");
    report.skip("validate/all-problems", "it declares no configuration");
    return;
  }
  const wrong = wrongTypes(options);
  const all = await caller.call("validate", { input: { ...good, plugin_config: wrong } });
  const verdict = verdictOf(all);
  if (verdict.kind === "accepted") {
    report.warn(
      "validate/refuses",
      `it accepted ${JSON.stringify(wrong)}; a daemon checks types itself, whoever runs the plugin by hand does not`,
    );
    report.skip("validate/all-problems", "it refuses nothing");
    return;
  }
  if (verdict.kind === "broken") {
    const said = failedProperly(all) ? "it failed instead of refusing: " : "";
    report.failed("validate/refuses", `${said}${verdict.problem}`);
    return;
  }
  report.ok("validate/refuses");
  await checkCompleteness(subject, verdict.errors);
}

/** Whether several wrong values are named in one answer, where each is refused by itself. */
async function checkCompleteness(subject: Subject, together: readonly string[]): Promise<void> {
  const { caller, report, options, good } = subject;
  const [only = ""] = together;
  const named = options.filter(({ name }) => only.includes(name));
  if (options.length < 2) {
    report.skip("validate/all-problems", "it declares one option only");
    return;
  }
  if (together.length > 1 || named.length > 1) {
    report.ok("validate/all-problems");
    return;
  }
  const wrong = wrongTypes(options);
  const refusedAlone: string[] = [];
  for (const { name } of options) {
    if (refusedAlone.length === 2) break;
    const config = { ...(good.plugin_config ?? {}), [name]: wrong[name] };
    const alone = await caller.call("validate", { input: { ...good, plugin_config: config } });
    if (verdictOf(alone).kind === "refused") refusedAlone.push(name);
  }
  if (refusedAlone.length < 2) report.skip("validate/all-problems", "it refuses values of one key only");
  else {
    report.warn(
      "validate/all-problems",
      `it refuses ${refusedAlone.join(" and ")} by themselves, and together named only: ${only}`,
    );
  }
}
