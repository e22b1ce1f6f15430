import type { AccessEndpoint, AccessResult, ForwardedPort } from "@dockersnap/plugin-sdk";
import type { ContainerPort, ServiceContainer } from "../engine/container.ts";
import { projectEngine } from "../engine/project-engine.ts";
import { shownName } from "../engine/standing.ts";
import type { Ctx } from "../plugin.ts";
import { isWeb } from "../project/scheme.ts";

interface Reachable {
  readonly container: ServiceContainer;
  readonly port: ContainerPort;
  readonly forwarded: ForwardedPort;
}

/** An endpoint for each forwarded port; variables for the first container of each service. */
export async function access(ctx: Ctx): Promise<AccessResult> {
  const containers = await projectEngine(ctx.dockerClient(), ctx.config.string("project_name")).containers();
  const reachable = containers.flatMap((container) =>
    container.ports.flatMap((port) => {
      const forwarded = forwardedPort(ctx.forwardedPorts, container, port);
      return forwarded === undefined ? [] : [{ container, port, forwarded }];
    }),
  );
  const env: Record<string, string> = {};
  for (const service of new Set(reachable.map(({ container }) => container.service))) {
    const ports = reachable.filter(({ container }) => container.service === service);
    const first = Math.min(...ports.map(({ container }) => container.number));
    const own = ports.filter(({ container }) => container.number === first);
    for (const [name, value] of variables(variablePrefix(service), own, ctx.instance.host)) {
      if (name in env) ctx.logger.warn("two services want the same variable; the first one has it", { name, service });
      else env[name] = value;
    }
  }
  return { env, endpoints: reachable.map(endpoint) };
}

/** Containers of a scaled service have the same name for a port; the daemon gives it to one of them. */
function forwardedPort(
  ports: readonly ForwardedPort[],
  { id }: ServiceContainer,
  { port, protocol, label }: ContainerPort,
): ForwardedPort | undefined {
  const fitting = ports.filter(({ containerPort, protocol: other }) => containerPort === port && other === protocol);
  return (
    fitting.find((forwarded) => forwarded.label === `container:${id.slice(0, 12)}/${port}/${protocol}`) ??
    fitting.find((forwarded) => forwarded.label === label)
  );
}

function endpoint({ container, port, forwarded }: Reachable): AccessEndpoint {
  const isOnlyPort = container.ports.length === 1;
  const name = shownName(container);
  return {
    name: isOnlyPort ? name : `${name}-${port.port}${port.protocol === "udp" ? "-udp" : ""}`,
    scheme: port.scheme,
    port: forwarded,
    ...(port.scheme === "https" && { insecure: true }),
    description: `${container.service}, port ${port.port}/${port.protocol}`,
  };
}

/** `WEB_HOST`, and `WEB_PORT` and `WEB_URL` of the lowest port; with more than one, `WEB_8443_PORT` and so on as well. */
function variables(prefix: string, ports: readonly Reachable[], host: string): [string, string][] {
  const [main] = ports;
  if (main === undefined) return [];
  const described =
    ports.length === 1 ? [] : ports.flatMap((one) => portVariables(`${prefix}_${one.port.port}`, one, host));
  return [[`${prefix}_HOST`, host], ...portVariables(prefix, main, host), ...described];
}

function portVariables(prefix: string, { port, forwarded }: Reachable, host: string): [string, string][] {
  const number: [string, string] = [`${prefix}_PORT`, String(forwarded.hostPort)];
  return isWeb(port.scheme) ? [number, [`${prefix}_URL`, `${port.scheme}://${host}:${forwarded.hostPort}`]] : [number];
}

const variablePrefix = (service: string) =>
  service
    .toUpperCase()
    .replaceAll(/[^A-Z0-9_]/g, "_")
    .replace(/^(?=\d)/, "_");
