import { DockersnapError } from "@dockersnap/contract/words";
import { killProcess, type ProcessIdentity } from "../process/identity.ts";
import { followEvents } from "./api/events.ts";
import { setLiveRestore } from "./configuration.ts";
import { findDockerd } from "./dockerd.ts";
import { type Engine, type EngineEnvironment, findEngine, livingInit } from "./engine.ts";
import { killEngine } from "./kill.ts";
import { untilRemoved } from "./removal.ts";

/** dockerd reads its configuration again in milliseconds. */
const reloadDeadlineMs = 5_000;
/** Containers have ten seconds to end unless they were given another timeout; all of them stop side by side. */
const shutdownDeadlineMs = 60_000;

/**
 * Shut the engine down. Its containers are ended by dockerd and not with `docker stop`, which would count as a person's
 * wish and keep those marked `unless-stopped` down the next time.
 */
export async function stopEngine(environment: EngineEnvironment, name: string, signal: AbortSignal): Promise<void> {
  const { log } = environment;
  const engine = findEngine(environment, name);
  const dockerd = livingInit(engine) === undefined ? undefined : findDockerd(engine);
  if (dockerd !== undefined) {
    // Frozen processes could not act on their stop signals.
    await Promise.all([engine.group.thaw(), engine.group.resume()]);
    try {
      await leaveContainersToDockerd(engine, dockerd, signal);
      await shutDown(engine, dockerd, signal);
    } catch (error) {
      if (signal.aborted) {
        throw new DockersnapError("cancelled", `Stopping the engine of '${name}' was cancelled half way.`, {
          cause: error,
        });
      }
      log.warn("an engine did not shut down in time and is ended", { instance: name, error });
    }
  }
  await killEngine(environment, name);
}

/** Turn live restore off: with it dockerd would end and leave its containers running. */
async function leaveContainersToDockerd({ files }: Engine, dockerd: ProcessIdentity, signal: AbortSignal) {
  const bound = AbortSignal.any([signal, AbortSignal.timeout(reloadDeadlineMs)]);
  await setLiveRestore(files, false);
  for await (const event of followEvents(files.socket, { type: ["daemon"], event: ["reload"] }, bound)) {
    if (event === "event") return;
    killProcess(dockerd, "SIGHUP");
  }
  throw new DockersnapError("not_ready", "dockerd ended while its configuration was read again.");
}

/** Ask dockerd to end and wait for it. */
async function shutDown({ files, group }: Engine, dockerd: ProcessIdentity, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const bound = AbortSignal.any([signal, over.signal, AbortSignal.timeout(shutdownDeadlineMs)]);
  // dockerd removes it as the last thing it does, and unlike its exit that is seen by any daemon.
  const ended = untilRemoved(files.dockerdPidFile, bound);
  const emptied = group.untilEmpty(bound);
  try {
    killProcess(dockerd, "SIGTERM");
    await Promise.race([ended, emptied]);
  } finally {
    for (const late of [ended, emptied]) late.catch(() => {});
    over.abort();
  }
}
