import { DockersnapError } from "@dockersnap/contract/words";
import { pastNoReturn, type Run, type RunnerDeps, runSteps, undoSteps } from "./runner.ts";

/** Run an operation to its end, or take it back. Its record tells which; rejects only when the journal itself fails. */
export async function execute(deps: RunnerDeps, run: Run): Promise<void> {
  const { journal, kind } = run;
  try {
    await runSteps(deps, run);
  } catch (error) {
    if (!(error instanceof DockersnapError)) {
      deps.log.error("an operation failed", { operation: journal.record.id, kind: kind.name, error });
    }
    if (pastNoReturn(run)) giveUp(run, error);
    else await takeBack(deps, run, error);
    return;
  }
  journal.end("done", { result: await resultOf(deps, run) });
}

/** As `execute`, for what an earlier daemon left unfinished: forward or back, as its kind says. */
export async function resume(deps: RunnerDeps, run: Run): Promise<void> {
  const { journal, kind } = run;
  const { recovery } = kind;
  const forward =
    journal.record.status === "running" &&
    (recovery === "finish" ||
      pastNoReturn(run) ||
      (typeof recovery === "object" && journal.stepStatus(recovery.finishAfter) === "done"));
  deps.log.info("ending an operation the last daemon left unfinished", {
    operation: journal.record.id,
    kind: kind.name,
    instance: journal.record.instance,
    by: forward ? "finishing it" : "taking it back",
  });
  if (forward) await execute(deps, run);
  else await takeBack(deps, run, journal.record.error ?? interrupted(kind.name));
  if (journal.record.status === "done") journal.recovered("finished");
  else if (!pastNoReturn(run)) journal.recovered("undone");
}

/** What was done stays done, even where it cannot be described. */
async function resultOf({ log }: RunnerDeps, { kind, journal }: Run): Promise<unknown> {
  try {
    return await kind.result(journal.record as never);
  } catch (error) {
    log.error("the result of an operation could not be read", { operation: journal.record.id, error });
    return undefined;
  }
}

async function takeBack(deps: RunnerDeps, run: Run, cause: unknown): Promise<void> {
  const { journal, kind } = run;
  journal.undoing(cause);
  const left = await undoSteps(deps, run);
  if (left.length > 0) {
    kind.failed?.(
      journal.record as never,
      `The ${kind.name} failed and ${left.join(", ")} could not be undone. 'dockersnap doctor' shows what is left.`,
      left,
    );
  }
  const error = journal.record.error ?? cause;
  journal.end(journal.record.error?.code === "cancelled" ? "cancelled" : "failed", { error });
}

function giveUp({ journal, kind }: Run, cause: unknown): void {
  journal.end("failed", { error: cause });
  const { error } = journal.record.error ?? { error: "" };
  kind.failed?.(
    journal.record as never,
    `The ${kind.name} could not be completed: ${error} Run it again; the daemon also retries it when it starts.`,
    [],
  );
}

function interrupted(kind: string): DockersnapError {
  return new DockersnapError(
    "internal",
    `The daemon stopped while this ${kind} ran, so it was undone; nothing was changed. Run it again.`,
  );
}
