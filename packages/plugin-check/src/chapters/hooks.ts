import { Hook } from "@dockersnap/contract";
import { exitsWith, failedProperly, isAbsent, tell } from "../process/observed.ts";
import type { Subject } from "../subject.ts";
import { checkBrokenInput } from "./broken-input.ts";
import { judgeProgress } from "./progress.ts";

/** The hooks, those that are listed and those that are not. */
export async function checkHooks(subject: Subject): Promise<void> {
  const { caller, report, good, clone, schema } = subject;
  for (const hook of Hook.options) {
    const isListed = schema.hooks?.includes(hook) === true;
    const observed = await caller.call(hook, { input: hook === "post_clone" ? clone : good });
    if (!isListed) {
      if (exitsWith(observed, 64)) report.ok("hooks/unlisted");
      else if (failedProperly(observed)) report.warn("hooks/unlisted", tell(observed));
      else report.failed("hooks/unlisted", tell(observed));
      continue;
    }
    if (isAbsent(observed)) {
      report.failed("hooks/listed", tell(observed));
      continue;
    }
    report.ok("hooks/listed");
    judgeProgress(report, "hooks", observed);
    if (observed.ending.kind === "timeout") report.failed("hooks/failure", tell(observed));
    await checkBrokenInput(subject, { rule: "hooks/broken-input", command: hook, input: good, mustRefuse: false });
  }
  if (schema.hooks?.length) report.skip("hooks/unlisted", "it lists every hook");
  else report.close("hooks", "it lists no hooks");
}
