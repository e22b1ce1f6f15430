#!/usr/bin/env node
import {
  type AccessResult,
  createPlugin,
  type DescribeResult,
  type HealthResult,
  type PluginContext,
  type Progress,
  type ValidateResult,
} from "@dockersnap/plugin-sdk";
import { echoContainer, runEchoContainer } from "./container.ts";
import { defaultImage, provideDefaultImage, provideImage } from "./image.ts";
import { version } from "./package.json" with { type: "json" };
import { statusOf } from "./probe.ts";

export const plugin = createPlugin({
  name: "echo",
  version,
  description: "Serves one line of text over HTTP from a container",
  configOptions: [
    { name: "text", type: "string", default: "hello from {{ instance_name }}", description: "What every request gets" },
    { name: "port", type: "int", default: 5678, description: "The port it is served on" },
    {
      name: "image",
      type: "string",
      default: defaultImage,
      description: "An image that takes the arguments of http-echo",
    },
  ],
});
plugin.onValidate(validate);
plugin.onDeploy(deploy);
plugin.onAccess(access);
plugin.onDescribe(describe);
plugin.onHealth(health);
await plugin.run();

type Ctx = PluginContext<typeof plugin>;

export function validate(ctx: Ctx): ValidateResult {
  const port = ctx.config.int("port");
  return port >= 1 && port <= 65_535 ? {} : { errors: [`'port' is a number from 1 to 65535, got ${port}.`] };
}

export async function deploy(ctx: Ctx, progress: Progress): Promise<void> {
  const docker = ctx.dockerClient();
  const asked = ctx.config.string("image");
  const image =
    asked === defaultImage
      ? await provideDefaultImage(docker, progress, ctx.signal)
      : await provideImage(docker, asked, progress, ctx.signal);
  progress.step("starting", "running echo container");
  await runEchoContainer(docker, { image, text: ctx.config.string("text"), port: ctx.config.int("port") });
  progress.step("complete", "echo container running");
}

export async function access(ctx: Ctx): Promise<AccessResult> {
  const port = ctx.forwardedPort(ctx.config.int("port"));
  return port
    ? {
        env: { ECHO_URL: `http://${ctx.instance.host}:${port.hostPort}` },
        endpoints: [{ name: "echo", scheme: "http", port }],
      }
    : {};
}

export async function describe(ctx: Ctx): Promise<DescribeResult> {
  const { Id, State, Config } = await ctx.dockerClient().getContainer(echoContainer).inspect();
  return { status: State.Status, details: { container: echoContainer, container_id: Id, image: Config.Image } };
}

export async function health(ctx: Ctx): Promise<HealthResult> {
  const status = await statusOf(`http://${ctx.instance.nsVethIp}:${ctx.config.int("port")}/`, ctx.signal);
  return status === 200
    ? { status: "healthy" }
    : { status: "unhealthy", message: `echo container not responding on /: ${status}` };
}
