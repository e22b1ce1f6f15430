import assert from "node:assert/strict";
import { test } from "node:test";
import { hostToken } from "@dockersnap/plugin-sdk";
import { FakeDocker, newContext, newProgress, runCommand } from "@dockersnap/plugin-sdk/testing";
import { access, deploy, describe, health, plugin } from "../plugin.ts";

test("deploy serves the text and comes back after a restart", async () => {
  const ctx = newContext(plugin).withConfig({ text: "it's $(id)", port: 80 }).build();
  const progress = newProgress();
  await deploy(ctx, progress);
  assert.equal(progress.lastStep(), "complete");
  const [container] = ctx.docker.containers();
  assert.deepEqual(container?.env, ["PAGE_TEXT=it's $(id)", "PAGE_PORT=80"]);
  assert.equal(container?.running, true);
  assert.equal(container?.restartPolicy, "unless-stopped");
});

test("deploy loads the image from an archive where one is given", async () => {
  const ctx = newContext(plugin).withConfig({ archive: "/srv/image.tar" }).build();
  ctx.docker.images.cutOffRegistry();
  ctx.programs.answer("docker", () => {
    ctx.docker.images.add("busybox:latest");
    return {};
  });
  await deploy(ctx, newProgress());
  assert.deepEqual(ctx.programs.calls[0]?.args, ["load", "--input", "/srv/image.tar"]);
  assert.equal(ctx.docker.containers().length, 1);
});

test("a deploy that fails says why", async () => {
  const docker = new FakeDocker();
  docker.images.cutOffRegistry("no such host");
  const { exitCode, events } = await runCommand(plugin, "deploy", {}, { docker });
  assert.equal(exitCode, 1);
  assert.match(events.at(-1)?.message ?? "", /^busybox:latest cannot be pulled.*no such host$/);
});

test("the URL has the port of the host", () => {
  const ctx = newContext(plugin).withPorts({ label: "page", containerPort: 8080, hostPort: 31000 }).build();
  assert.deepEqual(access(ctx).env, { PAGE_URL: `http://${hostToken}:31000` });
  assert.deepEqual(access(newContext(plugin).build()), {});
});

test("describe tells whether the container runs", async () => {
  const ctx = newContext(plugin).build();
  assert.equal((await describe(ctx)).status, "absent");
  await deploy(ctx, newProgress());
  assert.equal((await describe(ctx)).status, "running");
});

test("a page that does not answer is a failed check", async () => {
  const ctx = newContext(plugin).withConfig({ port: 1 }).withSignal(AbortSignal.abort()).build();
  const { checks } = await health(ctx);
  assert.deepEqual(
    checks?.map(({ name, ok }) => ({ name, ok })),
    [{ name: "page", ok: false }],
  );
});

test("a port that is none is refused before anything is made", async () => {
  const { stdout, exitCode } = await runCommand(plugin, "validate", { plugin_config: { port: 65_536 } });
  assert.notEqual(exitCode, 0);
  assert.match(JSON.stringify(stdout), /'port' is a number from 1 to 65535/);
});
