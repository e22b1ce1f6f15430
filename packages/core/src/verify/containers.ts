import type { HealthCheck } from "@dockersnap/contract/words";
import type { ContainerSummary, ContainerVitals, EngineApi } from "../engine/engine.ts";

export interface DescribedContainer extends Pick<ContainerSummary, "id" | "name"> {
  readonly vitals: ContainerVitals;
}

/** Engines list thousands of containers; so many are described at once. */
const askedAtOnce = 8;

/** Every container there is, without those that went while they were asked for. */
export async function describeContainers(api: EngineApi): Promise<readonly DescribedContainer[]> {
  const queue = [...(await api.containers())];
  const found: DescribedContainer[] = [];
  const worker = async () => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const vitals = await api.vitals(one.id);
      if (vitals !== undefined) found.push({ id: one.id, name: one.name, vitals });
    }
  };
  await Promise.all(Array.from({ length: askedAtOnce }, worker));
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * A check for each container that is to come up with its engine by itself. Those that no restart policy brings back are of no
 * concern: they stay down in every clone.
 */
export function checksOf(containers: readonly DescribedContainer[]): readonly HealthCheck[] {
  return containers
    .filter(({ vitals }) => isToComeUp(vitals))
    .map(({ name, vitals }) => {
      const lacks = lackOf(vitals);
      return { name: `container ${name}`, ok: lacks === undefined, ...(lacks === undefined ? {} : { message: lacks }) };
    });
}

/**
 * Docker starts what is `always` to run, whatever it was before. Of the others it only tells that somebody stopped one, or
 * that one was done, by their being down without a complaint.
 */
export function isToComeUp({ restartPolicy, state, error }: ContainerVitals): boolean {
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
