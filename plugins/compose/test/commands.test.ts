import { hostToken } from "@dockersnap/plugin-sdk";
import { FakeDocker, runCommand } from "@dockersnap/plugin-sdk/testing";
import { beforeEach, expect, test } from "vitest";
import { plugin } from "../compose.ts";

let docker: FakeDocker;
beforeEach(() => {
  docker = new FakeDocker();
});

interface Spec {
  readonly service: string;
  readonly number?: number;
  /** Inside and outside alike, as the key of a port binding. */
  readonly ports?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly project?: string;
  readonly running?: boolean;
}

/** A container as Compose makes one. */
async function run({ service, number = 1, ports = [], labels = {}, project = "demo", running = true }: Spec) {
  docker.images.add("shop");
  const container = await docker.client().createContainer({
    name: `${project}-${service}-${number}`,
    Image: "shop",
    Labels: {
      "com.docker.compose.project": project,
      "com.docker.compose.service": service,
      "com.docker.compose.container-number": String(number),
      "com.docker.compose.oneoff": "False",
      "dockersnap.compose.services": "db,web",
      ...labels,
    },
    HostConfig: {
      PortBindings: Object.fromEntries(ports.map((port) => [port, [{ HostPort: `${number}${port.split("/")[0]}` }]])),
      RestartPolicy: { Name: "unless-stopped" },
    },
  });
  if (running) await container.start();
  return container.id.slice(0, 12);
}

const ask = (command: string, ports: readonly [label: string, container: number, protocol?: "tcp" | "udp"][] = []) =>
  runCommand(
    plugin,
    command,
    {
      plugin_config: { file: "/gone/compose.yaml" },
      forwarded_ports: ports.map(([label, container_port, protocol = "tcp"], index) => ({
        label,
        container_port,
        host_port: 31_000 + index,
        protocol,
      })),
    },
    { docker },
  );

const web = (port: number, scheme = "http") => ({
  [`dockersnap.port.${port}`]: `web-${port}`,
  [`dockersnap.scheme.${port}`]: scheme,
});

test("the only port of a service is known by the service's name, without the compose file", async () => {
  await run({
    service: "web",
    ports: ["80/tcp"],
    labels: { "dockersnap.port.80": "web", "dockersnap.scheme.80": "http" },
  });
  expect((await ask("access", [["web", 80]])).stdout).toMatchObject({
    env: { WEB_HOST: hostToken, WEB_PORT: "31000", WEB_URL: `http://${hostToken}:31000` },
    endpoints: [{ name: "web", scheme: "http", host_port_label: "web" }],
  });
});

test("of several ports the lowest has the service's name, and each has its number", async () => {
  await run({ service: "my-web", ports: ["8443/tcp", "80/tcp"], labels: { ...web(80), ...web(8443, "https") } });
  const { stdout } = await ask("access", [
    ["web-80", 80],
    ["web-8443", 8443],
  ]);
  expect(stdout).toMatchObject({
    env: {
      MY_WEB_PORT: "31000",
      MY_WEB_URL: `http://${hostToken}:31000`,
      MY_WEB_80_PORT: "31000",
      MY_WEB_8443_PORT: "31001",
      MY_WEB_8443_URL: `https://${hostToken}:31001`,
    },
    endpoints: [{ name: "my-web-80" }, { name: "my-web-8443", scheme: "https", insecure: true }],
  });
});

test("a database has a host and a port, and no address that would lack its user", async () => {
  await run({
    service: "db",
    ports: ["5432/tcp"],
    labels: { "dockersnap.port.5432": "db", "dockersnap.scheme.5432": "tcp" },
  });
  const { env, endpoints } = (await ask("access", [["db", 5432]])).stdout as { env: object; endpoints: unknown[] };
  expect(env).toEqual({ DB_HOST: hostToken, DB_PORT: "31000" });
  expect(endpoints).toMatchObject([{ name: "db", scheme: "tcp" }]);
});

test("a label that is no scheme is not believed", async () => {
  await run({
    service: "web",
    ports: ["80/tcp"],
    labels: { "dockersnap.port.80": "web", "dockersnap.scheme.80": "$(id)" },
  });
  expect((await ask("access", [["web", 80]])).stdout).toMatchObject({ endpoints: [{ scheme: "tcp" }] });
});

test("each container of a scaled service has an endpoint, and the first has the variables", async () => {
  const labels = { "dockersnap.port.80": "web", "dockersnap.scheme.80": "http" };
  await run({ service: "web", ports: ["80/tcp"], labels });
  const second = await run({ service: "web", number: 2, ports: ["80/tcp"], labels });
  const { stdout } = await ask("access", [
    [`container:${second}/80/tcp`, 80],
    ["web", 80],
  ]);
  expect(stdout).toMatchObject({
    env: { WEB_PORT: "31001" },
    endpoints: [
      { name: "web", host_port_label: "web" },
      { name: "web#2", host_port_label: `container:${second}/80/tcp` },
    ],
  });
});

test("UDP and TCP on one port are told apart", async () => {
  await run({ service: "dns", ports: ["53/udp", "53/tcp"], labels: { "dockersnap.port.53": "dns" } });
  const { stdout } = await ask("access", [
    ["dns", 53],
    ["dns", 53, "udp"],
  ]);
  expect(stdout).toMatchObject({
    endpoints: [
      { name: "dns-53", scheme: "tcp" },
      { name: "dns-53-udp", scheme: "udp" },
    ],
  });
});

test("what is not forwarded, of another project or run in passing is not offered", async () => {
  await run({ service: "web", ports: ["80/tcp"] });
  await run({ service: "web", ports: ["81/tcp"], labels: web(81), project: "other" });
  await run({ service: "once", ports: ["82/tcp"], labels: { ...web(82), "com.docker.compose.oneoff": "True" } });
  const { stdout } = await ask("access", [
    ["web-81", 81],
    ["web-82", 82],
  ]);
  expect(stdout).toMatchObject({ env: {}, endpoints: [] });
});

test("describe lists the services with their state, image and ports", async () => {
  await run({ service: "web", ports: ["80/tcp"] });
  await run({ service: "db" });
  expect((await ask("describe")).stdout).toMatchObject({
    workload_type: "compose",
    status: "running",
    details: {
      project: "demo",
      services: [
        {
          service: "db",
          state: "running",
          image: "shop",
          ports: [],
          restart: "unless-stopped",
          container: "demo-db-1",
        },
        { service: "web", ports: ["180->80/tcp"] },
      ],
    },
  });
});

test.each([
  ["gone", []],
  [
    "partly running",
    [{ service: "db", running: false, labels: { "dockersnap.compose.role": "server" } }, { service: "web" }],
  ],
  ["stopped", [{ service: "db", running: false, labels: { "dockersnap.compose.role": "server" } }]],
  ["finished", [{ service: "db", running: false }]],
] satisfies [string, Spec[]][])("a project is %s when that is how its containers stand", async (status, specs) => {
  for (const spec of specs) await run(spec);
  expect((await ask("describe")).stdout).toMatchObject({ status });
});

test("health has a check for each service", async () => {
  await run({ service: "web" });
  await run({ service: "db" });
  expect((await ask("health")).stdout).toMatchObject({
    healthy: true,
    status: "healthy",
    checks: [
      { name: "db", ok: true, message: "running" },
      { name: "web", ok: true, message: "running" },
    ],
  });
});

test("health names a service that ended, and one that is not there any more", async () => {
  await run({ service: "web", running: false, labels: { "dockersnap.compose.role": "server" } });
  expect((await ask("health")).stdout).toMatchObject({
    healthy: false,
    status: "unhealthy",
    message: "web: ended with exit code 0; db: its container is gone",
    checks: [
      { name: "web", ok: false },
      { name: "db", ok: false },
    ],
  });
});

test("health of a project without containers says so", async () => {
  expect((await ask("health")).stdout).toMatchObject({
    healthy: false,
    message: "The project 'demo' has no containers.",
  });
});
