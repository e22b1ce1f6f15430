import { DockersnapError } from "@dockersnap/contract/words";
import type { CloneInput } from "../instance/clone.ts";
import { changedLimits, sameLimits } from "../instance/limits.ts";
import type { Caller, OperationHandle, Operations } from "../operation/operations.ts";
import type { Platform } from "../platform.ts";
import { waitingFor } from "./waiting.ts";

interface Deps {
  readonly platform: Pick<Platform, "records" | "engines">;
  readonly operations: Pick<Operations, "begin" | "holder">;
}

/** Begin a clone: of one that waits, where there is one that nobody else is taking, else from the beginning. */
export async function beginClone(
  { platform: { records, engines }, operations }: Deps,
  input: CloneInput,
  caller: Caller,
): Promise<OperationHandle> {
  const wanted = changedLimits(records.instances.get(input.source)?.limits, input.limits);
  for (const { name, limits } of waitingFor(records, { instance: input.source, label: input.label })) {
    // One that waits has the limits its source had when it was made.
    if (!sameLimits(limits, wanted)) continue;
    if (operations.holder(name) !== undefined || (await engines.state(name)) !== "running") continue;
    // From here to the lock there is nothing that another clone could come between.
    if (operations.holder(name) !== undefined || records.instances.get(name) === undefined) continue;
    try {
      return await operations.begin("clone", { ...input, standby: name }, caller);
    } catch (error) {
      if (!(error instanceof DockersnapError) || error.code !== "busy") throw error;
    }
  }
  return operations.begin("clone", input, caller);
}
