import type { ContainerSummary } from "../engine/engine.ts";

type Labelled = Pick<ContainerSummary, "id" | "labels" | "ports">;

const kubernetesApiPort = 6443;

/** A label ends up between `${PORT:` and `}`, and on one line of a list. */
const usableLabel = /^[^}\p{Cc}]{1,128}$/u;

/**
 * Names a container's port: by its label `dockersnap.port.<port>`, `kubernetes-api` for 6443, else by container and port.
 * Among all `containers` a name is given once, to the first that would have it; every other is named by its container.
 */
export function portLabels(
  containers: readonly Labelled[],
): (containerId: string, port: number, protocol: "tcp" | "udp") => string {
  const ports = containers.flatMap(({ id, labels, ports: published }) =>
    published.map(({ privatePort, protocol }) => ({ id, labels, privatePort, protocol })),
  );
  const owners = new Map<string, string>();
  for (const { id, labels, privatePort, protocol } of ports) {
    const wanted = givenName(labels, privatePort);
    if (wanted !== undefined && !owners.has(wanted)) owners.set(wanted, plainName(id, privatePort, protocol));
  }
  const names = new Map([...owners].map(([wanted, plain]) => [plain, wanted]));
  return (containerId, port, protocol) => {
    const plain = plainName(containerId, port, protocol);
    return names.get(plain) ?? plain;
  };
}

function givenName(labels: Readonly<Record<string, string>>, port: number): string | undefined {
  const label = labels[`dockersnap.port.${port}`]?.trim();
  if (label !== undefined && usableLabel.test(label)) return label;
  return port === kubernetesApiPort ? "kubernetes-api" : undefined;
}

/** The service that Compose says it made a container for. */
export function composeService(labels: Readonly<Record<string, string>>): string | undefined {
  const service = labels["com.docker.compose.service"];
  return service !== undefined && usableLabel.test(service) ? service : undefined;
}

function plainName(containerId: string, port: number, protocol: string): string {
  return `container:${containerId.slice(0, 12)}/${port}/${protocol}`;
}
