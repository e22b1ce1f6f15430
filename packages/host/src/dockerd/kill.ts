import { DockersnapError } from "@dockersnap/contract/words";
import { killProcess } from "../process/identity.ts";
import type { EngineCgroup } from "./cgroups/index.ts";
import { type EngineEnvironment, findEngine, livingInit, possibleGroups, renamedTo } from "./engine.ts";
import { removeFiles } from "./runtime-files.ts";
import { findInit } from "./sandbox.ts";

/** A sandbox ends in milliseconds with its init. */
const sandboxDeadlineMs = 2_000;
/** A process inside the kernel (a disk that does not answer) may take as long as its device. */
const deadlineMs = 30_000;

/**
 * End everything of the engine at once and remove what is left of it. Takes whatever is there, with or without a
 * record, and an absent engine for ended.
 */
export async function killEngine(environment: EngineEnvironment, name: string): Promise<void> {
  const engine = findEngine(environment, name);
  const groups = possibleGroups(environment, name).filter((group) => group.exists());
  await Promise.all(groups.map((group) => group.thawAll()));
  const inits = [livingInit(engine), ...groups.map(findInit)].filter((init) => init !== undefined);
  for (const init of inits) killProcess(init, "SIGKILL");
  if (inits.length > 0) await endedBySandbox(groups);
  await endRest(name, groups);
  // A unit of this name may be that of an engine which goes by another now, and forgetting it would end it.
  if (renamedTo(environment, engine.launchedAs, name) === undefined) {
    await engine.supervision.forget(engine.launchedAs);
  }
  await inTime(name, (deadline) => Promise.all(groups.map((group) => group.remove(deadline))));
  // Last: while the folder stands, what is left has a name that it is found by.
  await removeFiles(engine.files);
}

/**
 * The way everything ends with its init, and the helpers outside reap what was theirs. Killed all together, dockerd
 * would be left to the host's init, and the sandbox's own could not go before that one has reaped it.
 */
async function endedBySandbox(groups: readonly EngineCgroup[]): Promise<void> {
  const deadline = AbortSignal.timeout(sandboxDeadlineMs);
  try {
    await Promise.all(groups.map((group) => group.untilEmpty(deadline)));
  } catch (error) {
    if (!deadline.aborted) throw error;
  }
}

async function endRest(name: string, groups: readonly EngineCgroup[]): Promise<void> {
  await Promise.all(groups.map((group) => group.kill()));
  // An empty group means that each process has let go of its mounts: from here on the dataset is nobody's.
  await inTime(name, (deadline) => Promise.all(groups.map((group) => group.untilEmpty(deadline))));
}

async function inTime(name: string, wait: (deadline: AbortSignal) => Promise<unknown>): Promise<void> {
  const deadline = AbortSignal.timeout(deadlineMs);
  try {
    await wait(deadline);
  } catch (error) {
    if (!deadline.aborted) throw error;
    throw new DockersnapError(
      "internal",
      `Processes of '${name}' did not die within ${deadlineMs / 1000} seconds of SIGKILL; the kernel holds them, most likely for a disk that does not answer. See 'dmesg'.`,
      { cause: error },
    );
  }
}
