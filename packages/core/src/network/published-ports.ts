import type { ContainerSummary } from "../engine/engine.ts";
import { composeService, portLabels } from "../workload/port-labels.ts";

/** A port that a container of an instance publishes. */
export interface PublishedService {
  readonly protocol: "tcp" | "udp";
  readonly containerPort: number;
  readonly inContainerPort: number;
  readonly label: string;
  /** The name of the container that publishes it. */
  readonly container: string;
  /** The Compose service of that container. */
  readonly composeService: string | undefined;
  /** On the instance's loopback alone. */
  readonly loopback: boolean;
  /** Published on `::1`, and on no IPv4 address or on one too. */
  readonly ipv6Loopback?: "only" | "too";
}

interface Published {
  readonly services: readonly PublishedService[];
  /** A sentence for each port that cannot be forwarded. */
  readonly unreachable: readonly string[];
}

const forwardedLoopback = "127.0.0.1";
const ipv6Loopback = "::1";

/** What the containers publish, once per protocol and port: Docker lists the IPv4 and the IPv6 side of one port apart. */
export function published(containers: readonly ContainerSummary[]): Published {
  // Docker lists the newest first; of two that claim one label or one port, the older keeps it.
  const running = containers.filter((container) => isUp(container.state)).reverse();
  const label = portLabels(running);
  const services = new Map<string, PublishedService>();
  const onIpv6Loopback = new Map<string, PublishedService>();
  const elsewhere = new Map<string, string>();
  for (const container of running) {
    for (const port of container.ports) {
      const key = `${port.protocol} ${port.publicPort}`;
      const hint = unreachableAt(port);
      if (hint !== undefined) {
        elsewhere.set(key, `The port ${key} of container '${container.name}' is published on ${hint}.`);
        continue;
      }
      const service: PublishedService = {
        protocol: port.protocol,
        containerPort: port.publicPort,
        inContainerPort: port.privatePort,
        label: label(container.id, port.privatePort, port.protocol),
        container: container.name,
        composeService: composeService(container.labels),
        loopback: port.ip === forwardedLoopback || port.ip === ipv6Loopback,
      };
      if (port.ip === ipv6Loopback) {
        onIpv6Loopback.set(key, service);
        continue;
      }
      const present = services.get(key);
      if (present === undefined || present.loopback) services.set(key, service);
    }
  }
  for (const [key, service] of onIpv6Loopback) {
    const onIpv4 = services.get(key);
    services.set(key, { ...(onIpv4 ?? service), ipv6Loopback: onIpv4 === undefined ? "only" : "too" });
  }
  return {
    services: [...services.values()].sort(
      (a, b) => a.containerPort - b.containerPort || a.protocol.localeCompare(b.protocol),
    ),
    unreachable: [...elsewhere].filter(([key]) => !services.has(key)).map(([, sentence]) => sentence),
  };
}

/** Why nothing can lead to what is published on this address, and where to publish it instead. */
function unreachableAt({ ip, protocol }: ContainerSummary["ports"][number]): string | undefined {
  if (ip === ipv6Loopback) {
    return protocol === "tcp"
      ? undefined
      : `${ip} alone, where only TCP is forwarded: publish it on ${forwardedLoopback}`;
  }
  if (ip.includes(":")) {
    return `the IPv6 address ${ip} alone, and instances have IPv4: publish it on an IPv4 address too, or on ${ipv6Loopback}`;
  }
  if (ip.startsWith("127.") && ip !== forwardedLoopback) {
    return `${ip} alone, and of the loopback only ${forwardedLoopback} is forwarded: publish it on ${forwardedLoopback}`;
  }
  return undefined;
}

function isUp(state: string): boolean {
  return state === "running" || state === "paused";
}
