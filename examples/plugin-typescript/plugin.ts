#!/usr/bin/env node
import {
  type AccessResult,
  createPlugin,
  type DescribeResult,
  type Docker,
  type HealthResult,
  type PluginContext,
  type Progress,
  type ValidateResult,
} from "@dockersnap/plugin-sdk";
import manifest from "./package.json" with { type: "json" };

export const plugin = createPlugin({
  name: "plugin-typescript",
  version: manifest.version,
  description: "Serves a page with one line of text",
  configOptions: [
    { name: "text", type: "string", default: "hello from {{ instance_name }}", description: "What the page says" },
    { name: "port", type: "int", default: 8080, description: "The port it is served on" },
    { name: "image", type: "string", default: "busybox:latest", description: "An image with sh and busybox" },
    {
      name: "archive",
      type: "path",
      description: "A file made by docker save that has the image, where nothing can be pulled",
    },
  ],
});
plugin.onValidate(validate);
plugin.onDeploy(deploy);
plugin.onAccess(access);
plugin.onDescribe(describe);
plugin.onHealth(health);

type Ctx = PluginContext<typeof plugin>;

/** The words of the container's shell. The text is a value in its environment, so nothing in it is ever code. */
const serve = `printf "%s\\n" "$PAGE_TEXT" >/www/index.html && exec busybox httpd -f -p "$PAGE_PORT" -h /www`;

/** What the types of the options do not say, before anything is made. */
function validate(ctx: Ctx): ValidateResult {
  const port = ctx.config.int("port");
  return port >= 1 && port <= 65_535 ? {} : { errors: [`'port' is a number from 1 to 65535, got ${port}.`] };
}

/** Runs once, on an engine with nothing on it. To fail, throw: the message is what the user gets to see. */
export async function deploy(ctx: Ctx, progress: Progress): Promise<void> {
  const docker = ctx.dockerClient();
  const image = ctx.config.string("image");
  const archive = ctx.config.path("archive");
  const port = ctx.config.int("port");
  if (archive === undefined) {
    progress.step("image", `pulling ${image}`);
    await pull(docker, image, ctx.signal);
  } else {
    progress.step("image", `loading ${archive}`);
    await ctx.exec("docker", ["load", "--input", archive]);
  }

  progress.step("container", "starting the container");
  const container = await docker.createContainer({
    name: "page",
    Image: image,
    Entrypoint: ["sh", "-c", serve],
    Env: [`PAGE_TEXT=${ctx.config.string("text")}`, `PAGE_PORT=${port}`],
    ExposedPorts: { [`${port}/tcp`]: {} },
    Labels: { [`dockersnap.port.${port}`]: "page" },
    HostConfig: {
      Init: true,
      PortBindings: { [`${port}/tcp`]: [{ HostPort: `${port}` }] },
      // Without it the container would stay down after its instance was stopped and started.
      RestartPolicy: { Name: "unless-stopped" },
      Mounts: [{ Type: "volume", Source: "page-data", Target: "/www" }],
    },
  });
  await container.start();
  progress.complete("the page is served");
}

async function pull(docker: Docker, image: string, signal: AbortSignal): Promise<void> {
  try {
    const stream = await docker.pull(image, { abortSignal: signal });
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()));
    });
  } catch (cause) {
    signal.throwIfAborted();
    throw new Error(`${image} cannot be pulled; 'archive' takes it from a file`, { cause });
  }
}

/** What `dockersnap use` puts into a shell. The host is a token here, which each client's own address replaces. */
export function access(ctx: Ctx): AccessResult {
  const port = ctx.forwardedPort("page");
  if (port === undefined) return {};
  return {
    env: { PAGE_URL: `http://${ctx.instance.host}:${port.hostPort}` },
    endpoints: [{ name: "page", scheme: "http", port }],
  };
}

export async function describe(ctx: Ctx): Promise<DescribeResult> {
  const [container] = await ctx.dockerClient().listContainers({ all: true, filters: { name: ["page"] } });
  return { status: container?.State ?? "absent", details: { container: "page" } };
}

/** Asked on a schedule. */
export async function health(ctx: Ctx): Promise<HealthResult> {
  const url = `http://${ctx.instance.nsVethIp}:${ctx.config.int("port")}/`;
  try {
    const { ok, status } = await fetch(url, { signal: AbortSignal.any([ctx.signal, AbortSignal.timeout(3000)]) });
    return { checks: [{ name: "page", ok, message: `answers with ${status}` }] };
  } catch {
    return { checks: [{ name: "page", ok: false, message: `nothing answers on ${url}` }] };
  }
}

await plugin.run();
