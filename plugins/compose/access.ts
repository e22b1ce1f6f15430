import type { AccessEndpoint, AccessResult, ForwardedPort } from "@dockersnap/plugin-sdk";
import { type PublishedPort, type ServiceContainer, serviceContainers } from "./containers.ts";
import type { Ctx } from "./plugin.ts";

/** Ports by which people expect a web server; of any other nothing is known but that it takes connections. */
const schemes: ReadonlyMap<number, string> = new Map([
  ...[80, 3000, 5000, 8000, 8008, 8080, 8081, 8888, 9000].map((port) => [port, "http"] as const),
  ...[443, 8443].map((port) => [port, "https"] as const),
]);

interface Reached {
  readonly service: string;
  readonly container: number;
  readonly port: ForwardedPort;
}

/** Variables and endpoints for every published port: `WEB_URL`, `WEB_HOST`, `WEB_PORT`, with the number in where there are more. */
export async function access(ctx: Ctx): Promise<AccessResult> {
  const project = ctx.config.string("project_name");
  const containers = await serviceContainers(ctx.dockerClient(), project, ctx.signal);
  const env: Record<string, string> = {};
  const endpoints: AccessEndpoint[] = [];
  for (const [service, reached] of Map.groupBy(reachable(ctx, containers), (each) => each.service)) {
    const name = variable(service);
    for (const [index, { container, port }] of reached.entries()) {
      const scheme = schemes.get(container) ?? port.protocol;
      const words = {
        HOST: ctx.instance.host,
        PORT: String(port.hostPort),
        URL: `${scheme}://${ctx.instance.host}:${port.hostPort}`,
      };
      for (const [word, value] of Object.entries(words)) {
        // The first is what the service is known for; the others are told apart by their number.
        if (index === 0) env[`${name}_${word}`] = value;
        if (reached.length > 1) env[`${name}_${container}_${word}`] = value;
      }
      endpoints.push({ name: reached.length === 1 ? service : `${service}-${container}`, scheme, port });
    }
  }
  return { env, endpoints };
}

/** Of replicas of a service the first that is reached for a port stands for all. */
function reachable(ctx: Ctx, containers: readonly ServiceContainer[]): Reached[] {
  const all = containers.flatMap(({ id, service, ports }) =>
    ports.flatMap((published) => {
      const port = forwarded(ctx, id, published);
      return port === undefined ? [] : [{ service, container: published.containerPort, port }];
    }),
  );
  return [
    ...new Map(all.reverse().map((each) => [`${each.service} ${each.container}/${each.port.protocol}`, each])).values(),
  ].reverse();
}

function forwarded(ctx: Ctx, id: string, { containerPort, protocol, label }: PublishedPort): ForwardedPort | undefined {
  // A name two containers would have belongs to one of them; the other is known by its id.
  const own = ctx.forwardedPort(`container:${id.slice(0, 12)}/${containerPort}/${protocol}`, protocol);
  return own ?? (label === undefined ? undefined : ctx.forwardedPort(label, protocol));
}

const variable = (service: string) => {
  const name = service.toUpperCase().replace(/[^A-Z0-9_]/g, "_");
  return /^[0-9]/.test(name) ? `_${name}` : name;
};
