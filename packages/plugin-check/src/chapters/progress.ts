import { type Observed, quote, succeeded, tell, wordsOf } from "../process/observed.ts";
import type { Report } from "../report.ts";

/** Judge what a command that tells its progress wrote; not for one that is not there. */
export function judgeProgress(report: Report, group: "deploy" | "teardown" | "hooks", observed: Observed): void {
  const { ending, progress, command } = observed;
  if (ending.kind === "stopped") {
    report.failed(`${group}/lines`, tell(observed));
    return;
  }
  // Who was ended from outside could not say more; that it had to be is another rule's.
  if (ending.kind === "cancelled" || ending.kind === "timeout") return;
  if (progress.stray !== undefined) report.failed(`${group}/lines`, `${command} wrote ${quote(progress.stray)}`);
  else report.ok(`${group}/lines`);
  if (succeeded(observed)) judgeSuccess(report, group, observed);
  else judgeFailure(report, group, observed);
}

function judgeSuccess(report: Report, group: "deploy" | "teardown" | "hooks", { progress, command }: Observed): void {
  if (progress.lastError !== undefined || progress.hasEnvelope) {
    const said = progress.lastError ?? "an error envelope";
    report.failed(`${group}/failure`, `${command} told an error (${quote(said)}) and exited with 0`);
  } else if (progress.completes === 0) {
    report.failed(`${group}/complete`, `${command} exited with 0 and never said complete`);
  } else if (progress.afterComplete > progress.completes - 1) {
    report.failed(`${group}/complete`, `${command} told more after it had said complete`);
  } else if (progress.completes > 1) {
    report.warn(`${group}/complete`, `${command} said complete ${progress.completes} times`);
  } else report.ok(`${group}/complete`);
}

function judgeFailure(report: Report, group: "deploy" | "teardown" | "hooks", observed: Observed): void {
  const { ending, progress, command } = observed;
  if (ending.kind !== "exit") report.failed(`${group}/failure`, tell(observed));
  else if (progress.completes > 0) {
    report.failed(`${group}/failure`, `${command} said complete and exited with ${ending.code}`);
  } else if (progress.lastError !== undefined || progress.hasEnvelope) report.ok(`${group}/failure`);
  else if (wordsOf(observed) !== undefined) {
    report.warn(`${group}/failure`, `the reason is on stderr alone: ${tell(observed)}`);
  } else report.failed(`${group}/failure`, `${tell(observed)}, without a word`);
}
