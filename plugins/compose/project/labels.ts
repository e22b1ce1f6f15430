import type { Project, Service } from "./project.ts";
import { roleOf } from "./role.ts";
import { schemeOf } from "./scheme.ts";

/**
 * What the plugin writes on containers. They are all it needs to know of a project later, when the file may have been
 * changed or be gone, or when the instance is a clone or went back in time.
 */
export const labels = {
  /** The name under which the daemon forwards a port of a container. */
  port: (port: number) => `dockersnap.port.${port}`,
  /** What the port speaks. */
  scheme: (port: number) => `dockersnap.scheme.${port}`,
  role: "dockersnap.compose.role",
  /** Every service of the project, by comma. */
  services: "dockersnap.compose.services",
} as const;

/**
 * A compose file to put over the user's, which adds labels and nothing else. A label the user has given stays. `enabled`
 * are the services that are started.
 */
export function labelOverride({ services }: Project, enabled: readonly Service[]): string {
  const started = enabled.map(({ name }) => name).join(",");
  const document = {
    services: Object.fromEntries(
      services.map((service) => [
        service.name,
        { labels: { ...portLabels(service), [labels.role]: roleOf(service), [labels.services]: started } },
      ]),
    ),
  };
  // JSON is YAML.
  return JSON.stringify(document);
}

function portLabels({ name, ports, labels: given }: Service): Record<string, string> {
  const isOnlyPort = new Set(ports.map(({ port }) => port)).size === 1;
  // What a port speaks is what it speaks over TCP: HTTP/3 shares its number with HTTP.
  const tcpLast = ports.toSorted((a, b) => b.protocol.localeCompare(a.protocol));
  const added = tcpLast.flatMap((published): [string, string][] => [
    [labels.port(published.port), isOnlyPort ? name : `${name}-${published.port}`],
    [labels.scheme(published.port), schemeOf(published)],
  ]);
  return Object.fromEntries(added.filter(([label]) => given[label] === undefined));
}
