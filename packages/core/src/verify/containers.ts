import type { HealthCheck } from "@dockersnap/contract/words";
import type { ContainerVitals, EngineApi } from "../engine/engine.ts";

/** How the containers stand that are to come up with their engine by themselves. */
export interface Standing {
  readonly checks: readonly HealthCheck[];
  /** Another one whenever one of them was started anew. */
  readonly starts: string;
}

/** Engines list thousands of containers; so many are described at once. */
const askedAtOnce = 8;

/** Containers that no restart policy brings back are of no concern: they stay down in every clone. */
export async function standingOf(api: EngineApi): Promise<Standing> {
  const queue = [...(await api.containers())];
  const checks: HealthCheck[] = [];
  const starts: string[] = [];
  const worker = async () => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const vitals = await api.vitals(one.id);
      if (vitals === undefined || !isToComeUp(vitals)) continue;
      const lacks = lackOf(vitals);
      const name = `container ${one.name}`;
      checks.push(lacks === undefined ? { name, ok: true } : { name, ok: false, message: lacks });
      starts.push(`${one.id} ${vitals.startedAt}`);
    }
  };
  await Promise.all(Array.from({ length: askedAtOnce }, worker));
  return { checks: checks.sort((a, b) => (a.name < b.name ? -1 : 1)), starts: starts.sort().join() };
}

/**
 * Docker starts what is `always` to run, whatever it was before. Of the others it only tells that somebody stopped one, or
 * that one was done, by their being down without a complaint.
 */
function isToComeUp({ restartPolicy, state, error }: ContainerVitals): boolean {
  if (restartPolicy === "no") return false;
  return restartPolicy === "always" || error !== "" || (state !== "exited" && state !== "created");
}

function lackOf({ state, health, error }: ContainerVitals): string | undefined {
  if (error !== "") return `could not be started: ${error}`;
  if (state === "restarting") return "ends soon after each start";
  if (state !== "running") return `is ${state}`;
  if (health === "starting") return "its health check has no verdict yet";
  if (health === "unhealthy") return "its health check fails";
  return undefined;
}
