import { isAbsent, succeeded, tell } from "../process/observed.ts";
import type { Subject } from "../subject.ts";
import { checkBrokenInput } from "./broken-input.ts";
import { judgeProgress } from "./progress.ts";

/** teardown of what was never deployed, twice. */
export async function checkTeardown(subject: Subject): Promise<void> {
  const { caller, report, good } = subject;
  const first = await caller.call("teardown", { input: good });
  if (isAbsent(first)) {
    report.close("teardown", "it has no teardown");
    return;
  }
  judgeProgress(report, "teardown", first);
  if (succeeded(first)) {
    const second = await caller.call("teardown", { input: good });
    judgeProgress(report, "teardown", second);
    if (succeeded(second)) report.ok("teardown/again");
    else report.failed("teardown/again", `the first succeeded; of the second, ${tell(second)}`);
  } else if (first.ending.kind === "exit") {
    report.skip("teardown/again", "it wants an engine: give one with --socket or --instance");
  } else report.failed("teardown/again", tell(first));
  await checkBrokenInput(subject, {
    rule: "teardown/broken-input",
    command: "teardown",
    input: good,
    mustRefuse: false,
  });
}
