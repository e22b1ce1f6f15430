import { expect, it } from "vitest";
import { killProcess } from "../../src/process/identity.ts";
import { Machine, never } from "./machine.ts";
import { reportsOf } from "./reports.ts";

it("keeps live restore off for an engine that asked for it when its dockerd is started again, and for its next daemon", async () => {
  await using machine = await Machine.start({ engineOptions: { labels: ["of=host"], "live-restore": true } });
  const reports = reportsOf(machine.engines);
  const spec = await machine.prepare("web", { options: { "live-restore": false } });
  const asked = async () => {
    const format = "{{.LiveRestoreEnabled}} {{.Labels}}";
    expect((await machine.docker("web", "info", "--format", format)).trim()).toBe("false [of=host]");
  };
  await machine.engines.start(spec, never);
  await asked();
  await reports.settled("web", async () => killProcess(machine.dockerd("web"), "SIGKILL"));
  await asked();
  await machine.engines.close();
  expect(await machine.nextDaemon().adopt(spec)).toBe(true);
  await asked();
});
