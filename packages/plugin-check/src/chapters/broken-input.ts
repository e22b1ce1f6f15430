import type { PluginInput } from "@dockersnap/contract";
import { brokenInputs } from "../inputs.ts";
import { failedProperly, isAbsent, type Observed, succeeded, tell } from "../process/observed.ts";
import type { RuleId } from "../rules.ts";
import type { Subject } from "../subject.ts";

/** A plugin that waits for more input than there is would wait for ever. */
const patienceMs = 10_000;

export interface BrokenInputCheck {
  readonly rule: RuleId;
  readonly command: string;
  readonly input: PluginInput;
  /** Whether a success is judged at all: what an answer takes no input for, it may give without one. */
  readonly mustRefuse: boolean;
  /** Looks at an answer that was given all the same. */
  readonly answered?: (observed: Observed) => string | undefined;
}

/** Call a command with what no daemon would write. */
export async function checkBrokenInput({ caller, report }: Subject, check: BrokenInputCheck): Promise<void> {
  const timeoutMs = Math.min(patienceMs, caller.timeoutOf(check.command));
  for (const { what, text } of brokenInputs(check.input)) {
    const observed = await caller.call(check.command, {
      timeoutMs,
      ...(text === undefined ? {} : { input: text }),
    });
    const problem = problemOf(observed, check);
    if (problem !== undefined) {
      report.failed(check.rule, `given ${what}, ${problem}`);
      return;
    }
  }
  report.ok(check.rule);
}

function problemOf(observed: Observed, { mustRefuse, answered, command }: BrokenInputCheck): string | undefined {
  if (isAbsent(observed) || failedProperly(observed)) return undefined;
  if (!succeeded(observed)) {
    const { ending } = observed;
    return ending.kind === "exit" ? `it failed without a word: ${tell(observed)}` : tell(observed);
  }
  if (mustRefuse) return `it succeeded: ${tell(observed)}`;
  const problem = answered?.(observed);
  return problem === undefined ? undefined : `${command} ${problem}`;
}
