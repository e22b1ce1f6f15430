import { expect, it } from "vitest";
import { createPlugin, type HealthResult } from "../../src/index.ts";
import { runCommand } from "../../src/testing/index.ts";

const bad = { name: "db", ok: false, message: "down" };
const good = { name: "db", ok: true };

it.each<[HealthResult, boolean, string]>([
  [{}, true, "healthy"],
  [{ status: "healthy" }, true, "healthy"],
  [{ status: "unhealthy", message: "no" }, false, "unhealthy"],
  [{ status: "degraded" }, true, "degraded"],
  [{ status: "starting" }, false, "starting"],
  [{ checks: [good] }, true, "healthy"],
  [{ checks: [good, bad] }, false, "unhealthy"],
  [{ status: "healthy", checks: [bad] }, false, "unhealthy"],
  [{ status: "starting", checks: [bad] }, false, "starting"],
])("turns %j into healthy %s and the status %s", async (result, healthy, status) => {
  const plugin = createPlugin({ name: "x", version: "1" });
  plugin.onHealth(() => result);
  expect(await runCommand(plugin, "health")).toMatchObject({ exitCode: 0, stdout: { healthy, status } });
});

it("tells a message as a check too", async () => {
  const plugin = createPlugin({ name: "x", version: "1" });
  plugin.onHealth(() => ({ status: "unhealthy", message: "no answer" }));
  expect((await runCommand(plugin, "health")).stdout).toMatchObject({
    message: "no answer",
    checks: [{ name: "x", ok: false, message: "no answer" }],
  });
});
