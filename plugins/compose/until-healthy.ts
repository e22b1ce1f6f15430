import { createInterface } from "node:readline";
import { type Docker, DockersnapError, type Progress } from "@dockersnap/plugin-sdk";
import { ailment, mayRecover, projectFilter, type ServiceContainer, serviceContainers } from "./containers.ts";

/** Events after which a container may be well, or lost. */
const telling = ["start", "die", "health_status", "restart", "unpause", "destroy"];

/**
 * Resolves with the project's containers once each runs and passes its health check, or has done its work. Rejects with
 * what ails it as soon as one cannot recover, and with what they lack when the time is over.
 */
export async function untilHealthy(
  docker: Docker,
  project: string,
  progress: Progress,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<readonly ServiceContainer[]> {
  const over = AbortSignal.timeout(timeoutMs);
  const done = new AbortController();
  const bound = AbortSignal.any([signal, over, done.signal]);
  const well = new Set<string>();
  let containers: readonly ServiceContainer[] = [];
  const look = async () => {
    containers = await serviceContainers(docker, project, signal);
    for (const container of containers) {
      const ails = ailment(container);
      if (ails !== undefined && !mayRecover(container)) throw lost(container, ails);
      if (ails === undefined && !well.has(container.id)) {
        well.add(container.id);
        progress.step("waiting", `${container.service} is ${container.health ?? container.state}`);
      }
    }
    return containers.every((container) => ailment(container) === undefined);
  };
  try {
    // Listened to before the first look, or a change between the two would go unseen.
    for await (const _ of changes(docker, project, bound)) if (await look()) return containers;
    throw new DockersnapError("plugin_failed", "The engine ended while the services were waited for.");
  } catch (error) {
    signal.throwIfAborted();
    if (!over.aborted) throw error;
    const lacking = containers.flatMap((each) => {
      const ails = ailment(each);
      return ails === undefined ? [] : [`${each.service}: ${ails}`];
    });
    throw new DockersnapError(
      "plugin_failed",
      `The project was not healthy after ${timeoutMs / 1000} s (${lacking.join("; ")}). Give it longer with 'wait_timeout', or look at it with 'wait=false'.`,
      { cause: error },
    );
  } finally {
    done.abort();
  }
}

/** Yields at once, and then whenever something happened to a container of the project. */
async function* changes(docker: Docker, project: string, signal: AbortSignal): AsyncGenerator<void> {
  const filters = { type: ["container"], event: telling, ...projectFilter(project) };
  const stream = await docker.getEvents({ filters, abortSignal: signal });
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  // Nobody may be waiting when it comes.
  aborted.catch(() => undefined);
  stream.on("error", () => undefined);
  try {
    yield;
    const each = lines[Symbol.asyncIterator]();
    while (!(await Promise.race([each.next(), aborted])).done) yield;
  } finally {
    signal.removeEventListener("abort", abort);
    lines.close();
    if ("destroy" in stream && typeof stream.destroy === "function") stream.destroy();
  }
}

function lost({ service, name }: ServiceContainer, ails: string): DockersnapError {
  return new DockersnapError(
    "plugin_failed",
    `The service '${service}' did not come up (container ${name}): ${ails}. Its image or its settings are at fault; try it with the docker command line.`,
  );
}
