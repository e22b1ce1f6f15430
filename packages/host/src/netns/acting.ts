import { DockersnapError } from "@dockersnap/contract/words";

/**
 * Wait until all of these have ended, also when one fails: what still ran would undo the way back of its caller.
 * Failures a person can act on go out as they are; others say what was being done.
 */
export async function acting<Results extends readonly unknown[]>(
  work: string,
  steps: readonly [...{ [Index in keyof Results]: () => Results[Index] | Promise<Results[Index]> }],
): Promise<Results> {
  const ends = await Promise.allSettled(steps.map(async (step) => step()));
  const failures = ends.flatMap((step) => (step.status === "rejected" ? [step.reason as unknown] : []));
  if (failures.length === 0) {
    return ends.map((step) => (step.status === "fulfilled" ? step.value : undefined)) as unknown as Results;
  }
  const known = failures.find((failure) => failure instanceof DockersnapError);
  if (known !== undefined) throw known;
  const cause = failures.length === 1 ? failures[0] : new AggregateError(failures);
  const said = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure))).join("; ");
  throw new DockersnapError("internal", `Could not ${work}: ${said}`, { cause });
}
