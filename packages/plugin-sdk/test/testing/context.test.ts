import { describe, expect, it } from "vitest";
import { createPlugin } from "../../src/index.ts";
import { newContext, newProgress } from "../../src/testing/index.ts";

const plugin = createPlugin({
  name: "echo",
  version: "1",
  configOptions: [{ name: "text", type: "string", default: "from {{ instance_name }}" }],
});

describe("a context", () => {
  it("has the plugin's defaults for its instance", () => {
    const ctx = newContext(plugin).withInstanceName("web").build();
    expect(ctx.config.string("text")).toBe("from web");
    expect(ctx.instance).toMatchObject({ name: "web", netnsName: "ds-web", cloneOf: undefined });
  });

  it("refuses a configuration a daemon would refuse", () => {
    expect(() => newContext(plugin).withConfig({ txet: "x" }).build()).toThrow("Did you mean 'text'?");
  });

  it("finds forwarded ports by number, by protocol and by label", () => {
    const ctx = newContext(plugin)
      .withPorts(
        { containerPort: 53, protocol: "udp", hostPort: 31000 },
        { containerPort: 53, hostPort: 31001 },
        { containerPort: 80, label: "web" },
      )
      .build();
    expect(ctx.forwardedPort(53)?.hostPort).toBe(31001);
    expect(ctx.forwardedPort(53, "udp")?.hostPort).toBe(31000);
    expect(ctx.forwardedPort("web")?.containerPort).toBe(80);
    expect(ctx.forwardedPort(8080)).toBeUndefined();
  });

  it("has the token for the host unless told otherwise", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the token is this text.
    expect(newContext(plugin).build().instance.host).toBe("${HOST}");
    expect(newContext(plugin).withHost("vm").build().instance.host).toBe("vm");
    expect(newContext(plugin).withCommand("deploy").build().instance.host).toBe("vm.example.com");
  });

  it("keeps what was logged", () => {
    const ctx = newContext(plugin).build();
    ctx.logger.warn("careful", { port: 1 });
    expect(ctx.logs).toMatchObject([{ level: "WARN", msg: "careful", attrs: { port: 1 } }]);
  });

  it("gives the same client at every call", () => {
    const ctx = newContext(plugin).build();
    expect(ctx.dockerClient()).toBe(ctx.dockerClient());
  });
});

describe("programs", () => {
  it("run with the instance's engine and the operator's proxies", async () => {
    const ctx = newContext(plugin).withInstanceName("web").withProxyEnv({ HTTP_PROXY: "http://p:1" }).build();
    await ctx.exec("kind", ["get", "clusters"], { env: { KUBECONFIG: "/tmp/k" } });
    expect(ctx.programs.calls).toEqual([
      {
        program: "kind",
        args: ["get", "clusters"],
        env: { DOCKER_HOST: "unix:///run/dockersnap/web.sock", HTTP_PROXY: "http://p:1", KUBECONFIG: "/tmp/k" },
        input: undefined,
      },
    ]);
  });

  it("run inside the instance's namespace under nsenter, and answer to their own name", async () => {
    const ctx = newContext(plugin).withInstanceName("web").build();
    ctx.programs.answer("curl", ({ args }) => ({ stdout: `got ${args.join(" ")}` }));
    expect((await ctx.nsenter("curl", ["-s", "localhost"])).stdout).toBe("got -s localhost");
    expect(ctx.programs.calls[0]).toMatchObject({
      program: "nsenter",
      args: ["--net=/run/netns/ds-web", "--", "curl", "-s", "localhost"],
    });
  });

  it("reject when they are to fail, unless that is allowed", async () => {
    const ctx = newContext(plugin).build();
    ctx.programs.answer("kind", () => ({ exitCode: 1, stderr: "boom" }));
    await expect(ctx.exec("kind")).rejects.toThrow("kind failed with exit code 1: boom");
    await expect(ctx.exec("kind", [], { allowFailure: true })).resolves.toMatchObject({ exitCode: 1 });
  });
});

describe("progress", () => {
  it("keeps its events and knows the last step", () => {
    const progress = newProgress();
    expect(progress.lastStep()).toBeUndefined();
    progress.step("starting", "up");
    expect(progress.lastStep()).toBe("starting");
    progress.step("complete");
    expect(progress.lastStep()).toBe("complete");
    expect(progress.events()).toEqual([
      { step: "starting", status: "running", message: "up" },
      { step: "complete", status: "done" },
    ]);
  });
});
