import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DockersnapError, type ProgressEvent, type WorkloadDescription } from "@dockersnap/contract/words";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli, shell } from "../../support/cli.ts";
import { pageOn } from "../../support/connection.ts";
import { Engine } from "../../support/engine.ts";
import { hostPortOf } from "../../support/instance.ts";
import { repository } from "../../support/repository.ts";
import { World } from "../../support/world.ts";

const project = `
services:
  web:
    build: ./image
    command: ["sh", "-c", "echo $GREETING > /data/index.html; exec httpd -f -p 80 -h /data"]
    environment: { GREETING: "\${GREETING}" }
    ports: ["8080:80"]
    volumes: ["data:/data"]
    stop_grace_period: 1s
    healthcheck: { test: ["CMD", "/bin/busybox", "wget", "-qO", "/dev/null", "http://127.0.0.1/"], interval: 1s, retries: 120 }
    depends_on: { migrate: { condition: service_completed_successfully } }
  migrate:
    build: ./image
    command: ["true"]
  worker:
    build: ./image
    command: ["sleep", "1000000"]
    stop_grace_period: 1s
  shell:
    build: ./image
    command: ["sleep", "1000000"]
    profiles: [debug]
volumes: { data: {} }
`;

let world: World;
let folder: string;
let demo: string;
const progress: ProgressEvent[] = [];

beforeAll(async () => {
  world = await World.prepare();
  world.installPlugin("compose", join(repository, "bin/plugins/compose"));
  folder = join(world.dir, "project");
  mkdirSync(join(folder, "image"), { recursive: true });
  copyFileSync("/bin/busybox", join(folder, "image/busybox"));
  writeFileSync(
    join(folder, "image/Dockerfile"),
    'FROM scratch\nCOPY busybox /bin/busybox\nENTRYPOINT ["/bin/busybox"]\n',
  );
  writeFileSync(join(folder, "compose.yaml"), project);
  writeFileSync(join(folder, "settings.env"), "GREETING=hello\n");
  await world.startDaemon();
  demo = world.name("demo");
  await create(demo, { env_file: join(folder, "settings.env") });
});
afterAll(() => world?.end());

async function create(name: string, config: Record<string, unknown> = {}) {
  const file = join(folder, "compose.yaml");
  const workload_inline = { plugin: "compose", config: { file, ...config } };
  return world.client.instances.create({ name, workload_inline }, { onProgress: (event) => progress.push(event) });
}

const engine = () => Engine.of(world, demo);
const page = async (name: string) => pageOn(world, await hostPortOf(world, name, 8080));

/** A health check of Docker's own passes a moment after its container was started. */
const becomesHealthy = (name: string) => {
  const healthy = async () => (await world.client.instances.workloadHealth(name, { fresh: true })).healthy;
  return expect.poll(healthy, { timeout: 60_000, interval: 250 }).toBe(true);
};

async function described(name: string): Promise<WorkloadDescription> {
  const answer = await world.client.instances.workload(name);
  if (!("status" in answer)) throw new Error(`'${name}' has no workload.`);
  return answer;
}

/** Waits until these run: the engine starts them one after another. */
const runs = (name: string, ...services: string[]) => {
  const running = async () => {
    const { details } = await described(name);
    const all = details.services as { service: string; state: string }[];
    return all.filter(({ state }) => state === "running").map(({ service }) => service);
  };
  return expect.poll(running, { timeout: 60_000, interval: 250 }).toEqual(services);
};

it("starts the project, waits until it is healthy, and tells how far it is", async () => {
  expect(await page(demo)).toBe("hello");
  expect(await world.client.instances.workloadHealth(demo, { fresh: true })).toMatchObject({
    healthy: true,
    checks: [
      { name: "migrate", ok: true, message: "finished" },
      { name: "web", ok: true, message: "healthy" },
      { name: "worker", ok: true, message: "running" },
    ],
  });
  expect(progress.map(({ message }) => message)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^3 services with docker/),
      "web: healthy",
      "web: unless-stopped, as the file names no restart policy",
    ]),
  );
});

it("lets servers come back with their engine, what may be a job only if it was cut off, and jobs never", async () => {
  const { details } = await described(demo);
  expect(details).toMatchObject({
    services: [
      { service: "migrate", restart: "no" },
      { service: "web", restart: "unless-stopped" },
      { service: "worker", restart: "on-failure" },
    ],
  });
});

it("leads a shell to its services by their names", async () => {
  const script = `eval "$(dockersnap use ${demo})"; busybox wget -qO- "$WEB_URL"; echo "$WEB_HOST $WEB_PORT"`;
  const { stdout, stderr } = await shell(world, script);
  expect(stdout, stderr).toBe(`hello\n${world.address} ${await hostPortOf(world, demo, 8080)}\n`);
  const { endpoints } = await world.client.instances.access(demo);
  expect(endpoints).toMatchObject([{ name: "web", scheme: "http" }]);
});

it("shows its ports by service and container", async () => {
  expect((await world.client.instances.ports(demo)).ports).toMatchObject([
    { service: "web", container: `${demo}_web_1` },
  ]);
  expect((await cli(world, "ports", demo)).stdout).toContain(`web (${demo}_web_1)`);
});

it("tells what its services are and how they stand", async () => {
  const { status, details, ports } = await described(demo);
  expect({ status, ports }).toEqual({
    status: "running",
    ports: [{ label: "web", container_port: 80, protocol: "tcp" }],
  });
  expect(details).toMatchObject({
    project: demo,
    services: [
      { service: "migrate", state: "exited" },
      { service: "web", state: "running", health: "healthy", ports: ["8080->80/tcp"] },
      { service: "worker", state: "running", ports: [] },
    ],
  });
});

it("goes back and branches without the file it was made of", async () => {
  await world.client.instances.snapshot(demo, { label: "golden" });
  rmSync(join(folder, "settings.env"));
  const copy = world.name("copy");
  await world.client.instances.clone(demo, { label: "golden", new_name: copy });
  const containers = await (await engine()).containers();
  for (const container of containers) await (await engine()).remove(container);
  expect(await world.client.instances.workloadHealth(demo, { fresh: true })).toMatchObject({
    healthy: false,
    message: `The project '${demo}' has no containers.`,
  });

  await world.client.instances.revert(demo, { label: "golden" });
  for (const name of [demo, copy]) {
    await runs(name, "web", "worker");
    await becomesHealthy(name);
  }
  writeFileSync(join(folder, "settings.env"), "GREETING=hello\n");
  expect(await (await engine()).containers()).toEqual(containers);
  expect([await page(demo), await page(copy)]).toEqual(["hello", "hello"]);
  expect(await world.client.instances.access(copy)).toMatchObject({ endpoints: [{ name: "web" }] });
});

it("comes back after a stop and a start", async () => {
  await world.client.instances.stop(demo);
  await world.client.instances.start(demo);
  await runs(demo, "web", "worker");
  await becomesHealthy(demo);
  expect(await page(demo)).toBe("hello");
});

it("refuses a project in Compose's own words, with nothing left behind", async () => {
  const bad = join(folder, "bad.yaml");
  writeFileSync(bad, 'services: { web: { image: web, prots: ["80"] } }\n');
  const refusal = create(world.name("bad"), { file: bad, profiles: ["nope"] });
  await expect(refusal).rejects.toBeInstanceOf(DockersnapError);
  await expect(refusal).rejects.toMatchObject({ code: "plugin_refused", message: expect.stringContaining("prots") });
  expect((await world.client.instances.list()).map(({ name }) => name)).not.toContain(world.name("bad"));
});

it("says which service did not come up and what it said, and takes everything back", async () => {
  const failing = join(folder, "failing.yaml");
  writeFileSync(
    failing,
    'services: { web: { build: ./image, command: ["sh", "-c", "echo no database >&2; exit 3"] } }\n',
  );
  await expect(create(world.name("failing"), { file: failing })).rejects.toMatchObject({
    code: "plugin_failed",
    message: expect.stringContaining("web: ended with exit code 3 (its log ends: no database)"),
  });
  expect((await world.client.instances.list()).map(({ name }) => name)).not.toContain(world.name("failing"));
});
