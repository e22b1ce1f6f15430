import type { Instance, PortMapping } from "@dockersnap/contract/words";

/** How a word is meant, which decides its colour. */
type Tone = "good" | "bad" | "busy" | "muted";

export interface Words {
  readonly text: string;
  readonly tone?: Tone;
}

interface PortLink {
  readonly text: string;
  /** Absent for what a browser cannot open. */
  readonly href?: string;
}

/** One line of the table, as words. */
export interface Row {
  readonly name: string;
  readonly status: Words;
  /** Why the instance needs a person. */
  readonly problem: string | undefined;
  readonly health: Words;
  readonly workload: string;
  readonly ports: readonly PortLink[];
  readonly snapshots: readonly string[];
  readonly operation: Words | undefined;
}

const statusTones: Readonly<Record<Instance["status"], Tone>> = { running: "good", stopped: "muted", error: "bad" };
const healthTones: Readonly<Record<NonNullable<Instance["health"]>, Tone>> = {
  healthy: "good",
  degraded: "busy",
  unhealthy: "bad",
  unknown: "muted",
  none: "muted",
};

/**
 * An instance as the table tells it. `step` is what its operation does right now; `hostname` is where its ports are, which
 * is where this page came from.
 */
export function rowOf(
  instance: Instance,
  ports: readonly PortMapping[],
  step: string | undefined,
  hostname: string,
): Row {
  const { health = "unknown", operation } = instance;
  return {
    name: instance.name,
    status: { text: instance.status, tone: statusTones[instance.status] },
    problem: instance.error,
    health: health === "none" ? { text: "–", tone: "muted" } : { text: health, tone: healthTones[health] },
    workload: instance.workload_plugin ?? "–",
    ports: ports.map((port) => portLink(port, hostname)),
    snapshots: instance.snapshots.map(({ label }) => label),
    operation:
      operation === undefined
        ? undefined
        : { text: step === undefined ? operation.kind : `${operation.kind}: ${step}`, tone: "busy" },
  };
}

function portLink(port: PortMapping, hostname: string): PortLink {
  const { host_port, in_container_port, protocol, description, ipv6_loopback } = port;
  const text = `${description}: ${host_port} → ${in_container_port}/${protocol}`;
  return protocol === "tcp"
    ? { text, href: `http://${ipv6_loopback === "only" ? "[::1]" : hostname}:${host_port}/` }
    : { text };
}
