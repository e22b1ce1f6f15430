import { readFile, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";

export interface ConfigFindings {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

const longestFile = 1024 * 1024;

/**
 * What can be told of a kind configuration before anything is created: whether it is one, and what in it does not go
 * together with snapshots. The rest of it kind checks itself.
 */
export async function checkClusterConfig(path: string, clusterName: string): Promise<ConfigFindings> {
  let document: unknown;
  try {
    if ((await stat(path)).size > longestFile) throw new Error(`it has more than ${longestFile} bytes`);
    const { parse } = await import("yaml");
    document = parse(await readFile(path, "utf8"), { maxAliasCount: 100, logLevel: "error" });
  } catch (error) {
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return refused(`The kind configuration ${path} cannot be read: ${reason}`);
  }
  if (!isMapping(document) || document.kind !== "Cluster" || !isKindVersion(document.apiVersion)) {
    return refused(
      `${path} is no kind configuration: it says neither 'kind: Cluster' nor 'apiVersion: kind.x-k8s.io/v1alpha4' at its top, or only one of them.`,
    );
  }
  if (document.nodes !== undefined && document.nodes !== null && !Array.isArray(document.nodes)) {
    return refused(`In ${path} 'nodes' is no list.`);
  }
  const nodes = Array.isArray(document.nodes) ? document.nodes.filter(isMapping) : [];
  return {
    errors: [...relativeMounts(path, nodes), ...withoutControlPlane(path, nodes)],
    warnings: [
      ...otherName(path, document.name, clusterName),
      ...loopbackOnly(document.networking),
      ...lostMounts(nodes),
      ...severalControlPlanes(nodes),
    ],
  };
}

type Mapping = Readonly<Record<string, unknown>>;

const isMapping = (value: unknown): value is Mapping =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isKindVersion = (value: unknown) => typeof value === "string" && value.startsWith("kind.x-k8s.io/");

const refused = (error: string): ConfigFindings => ({ errors: [error], warnings: [] });

const isControlPlane = ({ role }: Mapping) => role === undefined || role === "control-plane";

const hostPaths = (nodes: readonly Mapping[]) =>
  nodes
    .flatMap(({ extraMounts }) => (Array.isArray(extraMounts) ? extraMounts : []))
    .map((mount) => (isMapping(mount) ? mount.hostPath : undefined))
    .filter((path) => typeof path === "string");

/** kind would look for them from the folder the daemon happens to run in. */
const relativeMounts = (file: string, nodes: readonly Mapping[]) =>
  hostPaths(nodes)
    .filter((path) => !isAbsolute(path))
    .map((path) => `In ${file} the hostPath '${path}' of an extraMount is relative; write it from the root.`);

const withoutControlPlane = (file: string, nodes: readonly Mapping[]) =>
  nodes.length > 0 && !nodes.some(isControlPlane) ? [`In ${file} no node has the role 'control-plane'.`] : [];

const otherName = (file: string, name: unknown, clusterName: string) =>
  typeof name === "string" && name !== "" && name !== clusterName
    ? [`${file} names the cluster '${name}'; it will be '${clusterName}', as 'cluster_name' says.`]
    : [];

const loopbackOnly = (networking: unknown) => {
  const address = isMapping(networking) ? networking.apiServerAddress : undefined;
  return typeof address === "string" && /^(127\.|::1$)/.test(address)
    ? [
        `'apiServerAddress: ${address}' lets the API server be reached on the daemon's host alone; without it, it answers wherever published ports do.`,
      ]
    : [];
};

const lostMounts = (nodes: readonly Mapping[]) => {
  const paths = [...new Set(hostPaths(nodes))];
  return paths.length === 0
    ? []
    : [`What nodes mount from the daemon's host is in no snapshot and is shared with clones: ${paths.join(", ")}.`];
};

const severalControlPlanes = (nodes: readonly Mapping[]) =>
  nodes.filter(isControlPlane).length > 1
    ? [
        "With several control planes the cluster may not come back from a stop, a revert or in a clone: their addresses can change, and etcd knows its members by them.",
      ]
    : [];
