import { FakeDocker, newContext, newProgress, runCommand } from "@dockersnap/plugin-sdk/testing";
import { describe, expect, test } from "vitest";
import { access, deploy, plugin } from "../echo.ts";

describe("deploy", () => {
  test("leaves the echo container running", async () => {
    const ctx = newContext(plugin).withInstanceName("demo").withConfig({ text: "hello" }).build();
    const progress = newProgress();
    await deploy(ctx, progress);
    expect(progress.lastStep()).toBe("complete");
    expect(ctx.docker.containers()).toHaveLength(1);
    expect(ctx.docker.containers()).toMatchObject([
      {
        name: "echo",
        image: "hashicorp/http-echo:latest",
        running: true,
        cmd: ["-listen=:5678", "-text=hello"],
        restartPolicy: "always",
        ports: [{ containerPort: 5678, hostPort: 5678, protocol: "tcp" }],
        labels: { "dockersnap.port.5678": "echo" },
      },
    ]);
    expect(ctx.docker.volumes()).toEqual(["echo-data"]);
  });

  test("greets from the instance unless told what to say", async () => {
    const ctx = newContext(plugin).withInstanceName("web").withConfig({ port: 8080 }).build();
    await deploy(ctx, newProgress());
    expect(ctx.docker.containers()[0]?.cmd).toEqual(["-listen=:8080", "-text=hello from web"]);
  });

  test("pulls nothing when the image is there", async () => {
    const ctx = newContext(plugin).withImages("hashicorp/http-echo:latest").build();
    ctx.docker.images.cutOffRegistry();
    const progress = newProgress();
    await deploy(ctx, progress);
    expect(progress.events().map((event) => event.step)).toEqual(["starting", "complete"]);
  });

  test("stands in this host's busybox when the registry cannot be reached, and says so", async () => {
    const ctx = newContext(plugin).build();
    ctx.docker.images.cutOffRegistry("no such host");
    const progress = newProgress();
    await deploy(ctx, progress);
    expect(progress.events()).toContainEqual({
      step: "importing",
      status: "running",
      message: "hashicorp/http-echo:latest cannot be pulled (no such host); using this host's busybox instead",
    });
    expect(ctx.docker.containers()).toMatchObject([{ image: "dockersnap/echo-busybox:1", running: true }]);
  });

  test("fails with the pull's own words for an image that was asked for and cannot be had", async () => {
    const docker = new FakeDocker();
    docker.images.cutOffRegistry("no such host");
    const plugin_config = { image: "nonexistent.invalid/echo:nope" };
    const { exitCode, events } = await runCommand(plugin, "deploy", { plugin_config }, { docker });
    expect(exitCode).toBe(1);
    expect(events.at(-1)).toMatchObject({
      status: "error",
      message: "The image nonexistent.invalid/echo:nope cannot be pulled: no such host",
    });
    expect(docker.containers()).toEqual([]);
  });

  test("replaces the container of an earlier deploy", async () => {
    const docker = new FakeDocker();
    await runCommand(plugin, "deploy", { plugin_config: { text: "first" } }, { docker });
    const { exitCode } = await runCommand(plugin, "deploy", { plugin_config: { text: "second" } }, { docker });
    expect(exitCode).toBe(0);
    expect(docker.containers().map((container) => container.cmd[1])).toEqual(["-text=second"]);
  });
});

describe("access", () => {
  test("exports the address of the forwarded port, by the host's token", async () => {
    const ctx = newContext(plugin).withPorts({ containerPort: 5678, hostPort: 34567, label: "echo" }).build();
    expect(await access(ctx)).toMatchObject({
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the token is this text.
      env: { ECHO_URL: "http://${HOST}:34567" },
      endpoints: [{ name: "echo", scheme: "http", port: { label: "echo" } }],
    });
  });

  test("offers nothing before the port is forwarded", async () => {
    expect(await access(newContext(plugin).build())).toEqual({});
  });
});

describe("validate", () => {
  test.each([0, -1, 65_536])("refuses the port %d", async (port) => {
    expect(await runCommand(plugin, "validate", { plugin_config: { port } })).toMatchObject({
      exitCode: 1,
      stdout: { valid: false, errors: [`'port' is a number from 1 to 65535, got ${port}.`] },
    });
  });
});

describe("describe", () => {
  test("tells the container's state and image", async () => {
    const docker = new FakeDocker();
    await runCommand(plugin, "deploy", {}, { docker });
    expect((await runCommand(plugin, "describe", {}, { docker })).stdout).toMatchObject({
      workload_type: "echo",
      status: "running",
      details: {
        container: "echo",
        container_id: docker.containers()[0]?.id,
        image: "hashicorp/http-echo:latest",
      },
    });
  });
});

describe("health", () => {
  test("is unhealthy when nothing answers", async () => {
    const instance = { ns_veth_ip: "127.0.0.1" };
    const { exitCode, stdout } = await runCommand(plugin, "health", { instance, plugin_config: { port: 1 } });
    expect(exitCode).toBe(0);
    expect(stdout).toMatchObject({
      healthy: false,
      message: "echo container not responding on /: ECONNREFUSED",
    });
  });
});
