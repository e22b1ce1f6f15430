import { newContext } from "@dockersnap/plugin-sdk/testing";
import { expect, test } from "vitest";
import { plugin } from "../plugin.ts";
import { readProject } from "../program.ts";

async function portsOf(ports: string): Promise<readonly number[] | undefined> {
  const ctx = newContext(plugin).withConfig({ file: "/srv/compose.yaml" }).build();
  ctx.programs.answer("docker", () => ({ stdout: `services: { web: { ports: ${ports} } }` }));
  const [service] = await readProject(ctx, { program: "docker", before: ["compose"] });
  return service?.published;
}

test.each([
  ["['8080:80']", [80]],
  ["[80]", [80]],
  ["['127.0.0.1:8080:80/udp']", [80]],
  ["['[::1]:8080:80']", [80]],
  ["['8080-8082:80-82']", [80, 81, 82]],
  ["[{ target: 80, published: '8080', protocol: tcp, mode: ingress }]", [80]],
  ["[{ target: 80 }, { target: 80, protocol: udp }]", [80]],
  ["['nonsense']", []],
])("ports written as %s publish %j", async (ports, inside) => {
  expect(await portsOf(ports)).toEqual(inside);
});

test("labels are read as a map and as a list", async () => {
  const ctx = newContext(plugin).withConfig({ file: "/srv/compose.yaml" }).build();
  const services = "{ a: { labels: { x: 1, y: null } }, b: { labels: ['x=1=2', 'y'] } }";
  ctx.programs.answer("docker", () => ({ stdout: `services: ${services}` }));
  const project = await readProject(ctx, { program: "docker", before: ["compose"] });
  expect(project.map(({ labels }) => labels)).toEqual([
    { x: "1", y: "" },
    { x: "1=2", y: "" },
  ]);
});

test("profiles are passed on without a word of the daemon's own environment", async () => {
  const ctx = newContext(plugin)
    .withConfig({ file: "/srv/compose.yaml", profiles: ["debug", "load"] })
    .build();
  ctx.programs.answer("docker", () => ({ stdout: "services: {}" }));
  await readProject(ctx, { program: "docker", before: ["compose"] });
  expect(ctx.programs.calls[0]?.env).toMatchObject({ COMPOSE_PROFILES: "debug,load" });
});

test("services of other profiles are none of the project, whether or not Compose tells of them", async () => {
  const ctx = newContext(plugin)
    .withConfig({ file: "/srv/compose.yaml", profiles: ["debug"] })
    .build();
  const services = "{ web: {}, shell: { profiles: [debug, help] }, load: { profiles: [load] } }";
  ctx.programs.answer("docker", () => ({ stdout: `services: ${services}` }));
  const project = await readProject(ctx, { program: "docker", before: ["compose"] });
  expect(project.map(({ name }) => name)).toEqual(["web", "shell"]);
});
