import { expect, test } from "vitest";
import type { AccessResult, Docker, HealthResult, PluginContext, Progress } from "../src/index.ts";
import { createPlugin } from "../src/index.ts";
import { newContext, newProgress, runCommand } from "../src/testing/index.ts";

// Programs as authors have them: what compiles and behaves here must do so for ever.

const version = "1.0.0";

const plugin = createPlugin({
  name: "echo",
  version,
  configOptions: [
    { name: "text", type: "string", default: "hello from {{ instance_name }}" },
    { name: "port", type: "int", default: 5678 },
  ],
});
plugin.onDeploy(deploy);
plugin.onAccess(access);
plugin.onHealth(health);
await plugin.run();

type Ctx = PluginContext<typeof plugin>;

async function deploy(ctx: Ctx, progress: Progress) {
  progress.step("starting", "running echo container");
  const text = ctx.config.string("text");
  const docker = ctx.dockerClient();
  await runEchoContainer(docker, text);
  progress.step("complete", "echo container running");
}

async function access(ctx: Ctx): Promise<AccessResult> {
  const port = ctx.forwardedPort(ctx.config.int("port"));
  return port
    ? {
        env: { ECHO_URL: `http://${ctx.instance.host}:${port.hostPort}` },
        endpoints: [{ name: "echo", scheme: "http", port }],
      }
    : {};
}

async function health(ctx: Ctx): Promise<HealthResult> {
  return (await answers(ctx))
    ? { status: "healthy" }
    : { status: "unhealthy", message: "echo container not responding on /" };
}

async function runEchoContainer(docker: Docker, text: string): Promise<void> {
  await docker.pull("busybox");
  const container = await docker.createContainer({
    Image: "busybox",
    Env: [text],
    HostConfig: { RestartPolicy: { Name: "always" } },
  });
  await container.start();
}

const answers = async (ctx: Ctx) => (await ctx.dockerClient().listContainers()).length > 0;

test("deploy leaves the echo container running", async () => {
  const ctx = newContext(plugin).withInstanceName("demo").withConfig({ text: "hello" }).build();
  const progress = newProgress();
  await deploy(ctx, progress);
  expect(progress.lastStep()).toBe("complete");
  expect(ctx.docker.containers()).toHaveLength(1);
});

test("access gives the address with the host's token, and both by port and by label", async () => {
  const forwarded_ports = [{ label: "web", container_port: 5678, host_port: 31000, protocol: "tcp" as const }];
  expect((await runCommand(plugin, "access", { forwarded_ports })).stdout).toMatchObject({
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the token is this text.
    env: { ECHO_URL: "http://${HOST}:31000" },
    endpoints: [{ name: "echo", scheme: "http", host_port_label: "web" }],
  });
  const ctx = newContext(plugin).withPorts({ label: "web", containerPort: 5678, hostPort: 31000 }).build();
  expect(ctx.forwardedPort("web")).toEqual(ctx.forwardedPort(5678));
  expect(ctx.forwardedPort("other")).toBeUndefined();
});

test("health turns with the container", async () => {
  expect((await runCommand(plugin, "health")).stdout).toMatchObject({
    healthy: false,
    status: "unhealthy",
    message: "echo container not responding on /",
  });
  const ctx = newContext(plugin).build();
  await deploy(ctx, newProgress());
  expect(await health(ctx)).toEqual({ status: "healthy" });
});

test("a name that is not declared, or a handler for another plugin's configuration, does not compile", () => {
  const ctx = newContext(plugin).build();
  // @ts-expect-error: no such option
  expect(() => ctx.config.int("prot")).toThrow();
  const other = createPlugin({ name: "other", version, configOptions: [{ name: "size", type: "int", default: 1 }] });
  const wrong = (context: PluginContext<typeof other>) => ({ env: { SIZE: String(context.config.int("size")) } });
  // @ts-expect-error: it reads what this plugin does not declare
  expect(() => plugin.onAccess(wrong)).toThrow("two handlers");
  const mistyped = [{ name: "a", type: "int", default: "1" }] as const;
  // @ts-expect-error: a default of another type
  expect(() => createPlugin({ name: "x", version, configOptions: mistyped })).toThrow("expects an int");
  const unknown = [{ name: "a", type: "float" }] as const;
  // @ts-expect-error: no such type
  expect(createPlugin({ name: "x", version, configOptions: unknown }).name).toBe("x");
});
