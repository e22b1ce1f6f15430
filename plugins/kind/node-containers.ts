import { type Docker, DockersnapError } from "@dockersnap/plugin-sdk";

const clusterLabel = "io.x-k8s.kind.cluster";
const roleLabel = "io.x-k8s.kind.role";

/** A node as the engine knows it. */
export interface NodeContainer {
  readonly id: string;
  readonly name: string;
  readonly cluster: string;
  /** `control-plane`, `worker` or `external-load-balancer`. */
  readonly role: string;
  readonly image: string;
  /** `running`, `exited`, … */
  readonly state: string;
}

export interface Cluster {
  readonly name: string;
  readonly nodes: readonly NodeContainer[];
}

/** The nodes of every kind cluster on the engine, running or not, by name. */
export async function nodeContainers(docker: Docker, signal: AbortSignal): Promise<NodeContainer[]> {
  const containers = await docker.listContainers({
    all: true,
    filters: { label: [clusterLabel] },
    abortSignal: signal,
  });
  return containers
    .map(({ Id, Names, Labels, Image, State }) => ({
      id: Id,
      name: (Names[0] ?? Id).replace(/^\//, ""),
      cluster: Labels[clusterLabel] ?? "",
      role: Labels[roleLabel] ?? "",
      image: Image,
      state: State,
    }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/**
 * The cluster an instance is about: the one of the configured name, else the only one there is. A clone's bears its source's
 * name. Throws where there is none, or no telling which.
 */
export async function findCluster(docker: Docker, configuredName: string, signal: AbortSignal): Promise<Cluster> {
  const nodes = await nodeContainers(docker, signal);
  const names = [...new Set(nodes.map(({ cluster }) => cluster))];
  const name = names.includes(configuredName) ? configuredName : names.length === 1 ? names[0] : undefined;
  if (name !== undefined) return { name, nodes: nodes.filter(({ cluster }) => cluster === name) };
  throw new DockersnapError(
    "plugin_failed",
    names.length === 0
      ? "There is no kind cluster on the instance's engine: its nodes were removed. Revert to a snapshot that has it, or create the instance anew."
      : `The instance's engine has the kind clusters ${names.join(", ")}, and none is called '${configuredName}'. Delete those that are not the instance's own.`,
  );
}

/**
 * Lets every node start with its engine. kind's own policy tries once after a failure, so that a node stopped in order, or
 * by a snapshot in mode `stopped`, would stay down.
 */
export async function startWithEngine(docker: Docker, { nodes }: Cluster): Promise<void> {
  await Promise.all(
    nodes.map(({ id }) => docker.getContainer(id).update({ RestartPolicy: { Name: "always", MaximumRetryCount: 0 } })),
  );
}

/** When the last of the running nodes was started; undefined where none runs. */
export async function lastStart(docker: Docker, { nodes }: Cluster, signal: AbortSignal): Promise<Date | undefined> {
  const starts = await Promise.all(
    nodes
      .filter(({ state }) => state === "running")
      .map(async ({ id }) => {
        const { State } = await docker.getContainer(id).inspect({ abortSignal: signal });
        return new Date(State.StartedAt).getTime();
      }),
  );
  const known = starts.filter((time) => Number.isFinite(time));
  return known.length === 0 ? undefined : new Date(Math.max(...known));
}
