import { describe, expect, it } from "vitest";
import { createPlugin } from "../src/index.ts";
import { FakeDocker, runCommand } from "../src/testing/index.ts";

const bare = createPlugin({ name: "bare", version: "1.2.3" });

const options = [
  { name: "text", type: "string", default: "hello from {{ instance_name }}" },
  { name: "file", type: "path" },
] as const;
const newPlugin = () => createPlugin({ name: "echo", version: "1.2.3", configOptions: options });

describe("schema", () => {
  it("tells what the plugin is and takes", async () => {
    const { exitCode, stdout } = await runCommand(newPlugin(), "schema");
    expect(exitCode).toBe(0);
    expect(stdout).toEqual({
      contract_version: "1",
      supported_contract_versions: ["1"],
      plugin_name: "echo",
      plugin_version: "1.2.3",
      config_options: [
        { name: "text", type: "string", default: "hello from {{ instance_name }}", required: false },
        { name: "file", type: "path", required: false },
      ],
      hooks: [],
      commands: [],
      reads_input_first: true,
    });
  });

  it("lists the commands and the hooks that have a handler", async () => {
    const plugin = newPlugin();
    plugin.onHealth(() => ({ status: "healthy" }));
    plugin.onDeploy(() => undefined);
    plugin.onPreSnapshot(() => undefined);
    plugin.onPostClone(() => undefined);
    expect((await runCommand(plugin, "schema")).stdout).toMatchObject({
      hooks: ["pre_snapshot", "post_clone"],
      commands: ["deploy", "health"],
    });
  });
});

describe("init", () => {
  it("says nothing and needs no input", async () => {
    expect(await runCommand(bare, "init", "")).toMatchObject({ exitCode: 0, documents: [] });
  });

  it("fails with what its handler throws", async () => {
    const plugin = newPlugin();
    plugin.onInit(() => {
      throw new Error("kind is not installed", { cause: new Error("ENOENT") });
    });
    expect(await runCommand(plugin, "init")).toMatchObject({
      exitCode: 1,
      stdout: { contract_version: "1", error: "kind is not installed", details: "ENOENT" },
    });
  });
});

describe("a failure", () => {
  const refusing = newPlugin();
  refusing.onInit(() => {
    throw new Error("kind is not installed", { cause: new Error("ENOENT") });
  });
  refusing.onValidate(() => ({ errors: ["no room.", "no time."] }));
  refusing.onDeploy(() => {
    throw new Error("no such image");
  });
  refusing.onTeardown((_, progress) => progress.fail("no such record"));
  refusing.onHealth(() => {
    throw new Error("no answer");
  });

  it.each([
    ["init", "kind is not installed: ENOENT"],
    ["validate", "no room. no time."],
    ["deploy", "no such image"],
    ["teardown", "no such record"],
    ["health", "no answer"],
    ["frobnicate", expect.stringContaining("has no command 'frobnicate'")],
  ])("of %s is told in plain words on stderr too, which is all that some daemons read", async (command, reason) => {
    expect(await runCommand(refusing, command)).toMatchObject({ reason });
  });

  it("is not told of where there is none", async () => {
    expect((await runCommand(bare, "deploy")).reason).toBeUndefined();
  });
});

describe("a command that is not there", () => {
  it.each([
    ["deplyo", "Did you mean 'deploy'?"],
    ["frobnicate", "It has init, schema"],
    ["pre_snapshot", "has no command 'pre_snapshot'"],
    [undefined, "needs a command"],
  ])("exits with 64 for %s", async (command, message) => {
    const { exitCode, stdout } = await runCommand(bare, command);
    expect(exitCode).toBe(64);
    expect(stdout).toMatchObject({ contract_version: "1", error: expect.stringContaining(message) });
  });
});

describe("validate", () => {
  it("accepts a configuration of the declared types", async () => {
    expect(await runCommand(newPlugin(), "validate", { plugin_config: { text: "x" } })).toMatchObject({
      exitCode: 0,
      stdout: { valid: true, errors: [] },
    });
  });

  it("refuses with every problem at once, and does not ask the handler", async () => {
    const plugin = newPlugin();
    plugin.onValidate(() => {
      throw new Error("must not run");
    });
    const { exitCode, stdout } = await runCommand(plugin, "validate", {
      plugin_config: { txt: 1, text: 2, file: "/no/such/file" },
    });
    expect(exitCode).toBe(1);
    expect(stdout).toMatchObject({
      valid: false,
      errors: [
        "Unknown key 'txt'. Did you mean 'text'?",
        "'text' expects a string, got the number 2.",
        `'file' expects the path of a file on the daemon's host, but "/no/such/file" is not there.`,
      ],
    });
  });

  it("passes the handler's errors and warnings on", async () => {
    const plugin = newPlugin();
    plugin.onValidate(() => ({ errors: ["no"], warnings: ["careful"] }));
    expect(await runCommand(plugin, "validate")).toMatchObject({
      exitCode: 1,
      stdout: { valid: false, errors: ["no"], warnings: ["careful"] },
    });
  });
});

describe("deploy", () => {
  it("reports each step and one end", async () => {
    const plugin = newPlugin();
    plugin.onDeploy((ctx, progress) => {
      progress.step("starting", ctx.config.string("text"), { percent: 10 });
      progress.done();
      progress.step("complete", "up");
      progress.complete();
      progress.step("late");
    });
    const { exitCode, events } = await runCommand(plugin, "deploy", { instance_name: "web" });
    expect(exitCode).toBe(0);
    expect(events).toEqual([
      { step: "starting", status: "running", message: "hello from web", percent: 10 },
      { step: "starting", status: "done" },
      { step: "complete", status: "done", message: "up" },
    ]);
  });

  it("completes for a handler that returns without an end", async () => {
    const plugin = newPlugin();
    plugin.onDeploy((_, progress) => progress.step("one"));
    expect((await runCommand(plugin, "deploy")).events.at(-1)).toEqual({ step: "complete", status: "done" });
  });

  it("turns a throw into the step's error and exit code 1", async () => {
    const plugin = newPlugin();
    plugin.onDeploy(async (_, progress) => {
      progress.step("pulling");
      throw new Error("no route to registry");
    });
    const { exitCode, events, logs } = await runCommand(plugin, "deploy");
    expect(exitCode).toBe(1);
    expect(events.at(-1)).toEqual({ step: "pulling", status: "error", message: "no route to registry" });
    expect(logs.at(-1)).toMatchObject({ level: "DEBUG", attrs: { stack: expect.stringContaining("no route") } });
  });

  it("tells what an engine refused in the engine's own words", async () => {
    const docker = new FakeDocker();
    docker.images.cutOffRegistry("no such host");
    const plugin = newPlugin();
    plugin.onDeploy(async (ctx) => void (await ctx.dockerClient().pull("busybox")));
    const { events } = await runCommand(plugin, "deploy", {}, { docker });
    expect(events).toEqual([{ step: "deploy", status: "error", message: "The engine refused: no such host" }]);
  });

  it.each([
    ["no image", "no image: unreachable: no route"],
    ["no image (unreachable: no route)", "no image (unreachable: no route)"],
  ])("tells the causes of '%s' once", async (message, told) => {
    const plugin = newPlugin();
    plugin.onDeploy(() => {
      throw new Error(message, { cause: new Error("unreachable", { cause: new Error("no route") }) });
    });
    expect((await runCommand(plugin, "deploy")).events.at(-1)).toMatchObject({ status: "error", message: told });
  });

  it("exits with 1 after a reported failure, with one end", async () => {
    const plugin = newPlugin();
    plugin.onDeploy((_, progress) => {
      progress.fail("cannot");
      throw new Error("cannot, again");
    });
    const { exitCode, events } = await runCommand(plugin, "deploy");
    expect(exitCode).toBe(1);
    expect(events).toEqual([{ step: "deploy", status: "error", message: "cannot" }]);
  });

  it("fails before the handler on a bad configuration", async () => {
    const plugin = newPlugin();
    plugin.onDeploy(() => {
      throw new Error("must not run");
    });
    const { exitCode, events } = await runCommand(plugin, "deploy", { plugin_config: { text: 5 } });
    expect(exitCode).toBe(1);
    expect(events).toEqual([
      { step: "deploy", status: "error", message: "'text' expects a string, got the number 5." },
    ]);
  });

  it.each(["deploy", "teardown"])("does nothing without a handler for %s, and says so", async (command) => {
    const { exitCode, events } = await runCommand(bare, command);
    expect(exitCode).toBe(0);
    expect(events).toEqual([{ step: "complete", status: "done", message: `bare has nothing to do for ${command}` }]);
  });
});

describe("teardown", () => {
  it("still runs when the configuration no longer fits the plugin", async () => {
    const plugin = newPlugin();
    plugin.onTeardown((ctx, progress) => progress.step("removing", ctx.config.string("text")));
    const { exitCode, events, logs } = await runCommand(plugin, "teardown", { plugin_config: { old: 1, text: "x" } });
    expect(exitCode).toBe(0);
    expect(events[0]).toMatchObject({ step: "removing", message: "x" });
    expect(logs[0]).toMatchObject({ level: "WARN", msg: expect.stringContaining("Unknown key 'old'") });
  });
});

describe("access", () => {
  it("has the token for the host, files with modes and endpoints by port", async () => {
    const plugin = newPlugin();
    plugin.onAccess((ctx) => {
      const port = ctx.forwardedPort(6443);
      return {
        env: { URL: `https://${ctx.instance.host}:${port?.hostPort}` },
        files: { kubeconfig: "secret" },
        ...(port && { endpoints: [{ name: "api", scheme: "https", insecure: true, port }] }),
      };
    });
    const forwarded_ports = [
      { label: "kubernetes-api", container_port: 6443, host_port: 34567, protocol: "tcp" as const },
    ];
    const { exitCode, stdout } = await runCommand(plugin, "access", { forwarded_ports });
    expect(exitCode).toBe(0);
    expect(stdout).toEqual({
      contract_version: "1",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the token is this text.
      env: { URL: "https://${HOST}:34567" },
      files: [{ name: "kubeconfig", content: "secret", mode: "0600" }],
      endpoints: [{ name: "api", scheme: "https", insecure: true, host_port_label: "kubernetes-api" }],
    });
  });

  it("is empty without a handler", async () => {
    expect((await runCommand(bare, "access")).stdout).toEqual({
      contract_version: "1",
      env: {},
      files: [],
      endpoints: [],
    });
  });
});

describe("describe", () => {
  it("fills in type, ports and configuration", async () => {
    const plugin = newPlugin();
    plugin.onDescribe(() => ({ status: "running", details: { pods: 3 } }));
    const forwarded_ports = [{ label: "echo", container_port: 80, host_port: 31000, protocol: "tcp" as const }];
    expect((await runCommand(plugin, "describe", { forwarded_ports })).stdout).toEqual({
      contract_version: "1",
      workload_type: "echo",
      status: "running",
      ports: [{ label: "echo", container_port: 80, protocol: "tcp" }],
      config: { text: "hello from demo" },
      details: { pods: 3 },
    });
  });

  it("claims to know no status without a handler", async () => {
    expect((await runCommand(bare, "describe")).stdout).toMatchObject({ workload_type: "bare", status: "unknown" });
  });
});

describe("health", () => {
  it("is that of the engine without a handler", async () => {
    expect((await runCommand(bare, "health")).stdout).toMatchObject({
      healthy: true,
      checks: [{ name: "engine", ok: true }],
    });
    const deaf = Object.assign(new FakeDocker(), {
      client: () => ({ listContainers: () => Promise.reject(new Error("connect ENOENT")) }),
    });
    expect(await runCommand(bare, "health", {}, { docker: deaf })).toMatchObject({
      exitCode: 0,
      stdout: { healthy: false, checks: [{ name: "engine", ok: false }] },
    });
  });

  it("fails when the probe throws", async () => {
    const plugin = newPlugin();
    plugin.onHealth(() => {
      throw new Error("cannot probe");
    });
    expect(await runCommand(plugin, "health")).toMatchObject({ exitCode: 1, stdout: { error: "cannot probe" } });
  });
});

describe("an answer", () => {
  it("longer than a daemon reads is refused where it was made", async () => {
    const plugin = newPlugin();
    plugin.onDescribe(() => ({ status: "x".repeat(4 * 1024 * 1024) }));
    const { exitCode, stdout } = await runCommand(plugin, "describe");
    expect(exitCode).toBe(1);
    expect(stdout).toMatchObject({ error: expect.stringContaining("a daemon reads 4194304") });
  });
});
