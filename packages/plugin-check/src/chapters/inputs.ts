import { ValidateResponse } from "@dockersnap/contract";
import { parseResponse } from "@dockersnap/host/plugins";
import { withLongField, withUnknownFields } from "../inputs.ts";
import { failedProperly, isAbsent, type Observed, succeeded, tell } from "../process/observed.ts";
import type { Subject } from "../subject.ts";
import { answerProblem, type Question, questions } from "./questions.ts";

const commands = ["validate", ...questions] as const;

/** Inputs that are right and yet not the usual one: what is answered to the usual one has to be answered to them. */
export async function checkInputs({ caller, report, good, clone }: Subject): Promise<void> {
  for (const command of commands) {
    const usual = await caller.call(command, { input: good });
    if (isAbsent(usual)) continue;
    const usualKind = kindOf(command, usual);
    // What is wrong with the usual answer is told elsewhere.
    if (usualKind === "broken") continue;
    const unknown = await caller.call(command, { input: withUnknownFields(good) });
    if (kindOf(command, unknown) === usualKind) report.ok("input/unknown-fields");
    else report.failed("input/unknown-fields", `with fields of a later version, ${tell(unknown)}`);
    const ofClone = await caller.call(command, { input: clone });
    if (kindOf(command, ofClone) === usualKind) report.ok("input/clone");
    else report.failed("input/clone", `for a clone, ${tell(ofClone)}; otherwise ${tell(usual)}`);
    const long = await caller.call(command, { input: withLongField(good) });
    if (kindOf(command, long) === usualKind || failedProperly(long)) report.ok("input/long");
    else report.failed("input/long", `given 2 MiB, ${tell(long)}`);
  }
}

type Kind = "answered" | "refused" | "broken";

function kindOf(command: "validate" | Question, observed: Observed): Kind {
  if (command === "validate") {
    const parsed = parseResponse(ValidateResponse, observed.stdout);
    if ("problem" in parsed) return "broken";
    return succeeded(observed) && parsed.value.valid ? "answered" : "refused";
  }
  if (answerProblem(command, observed) !== undefined) return "broken";
  return succeeded(observed) ? "answered" : "refused";
}
