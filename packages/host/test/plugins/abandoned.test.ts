import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ProgressEvent } from "@dockersnap/contract";
import type { PluginHost } from "@dockersnap/core";
import { describe, expect, it } from "vitest";
import { createPluginHost } from "../../src/plugins/plugin-host.ts";
import { identify } from "../../src/process/identity.ts";
import { input, memoryLog, type Place, place } from "./support.ts";

/** A daemon's plugins, ready; each call is another daemon on the same folders. */
async function started({ dir }: Place): Promise<PluginHost> {
  const host = createPluginHost({ dir, logLevel: "info", log: memoryLog(), callsDir: join(dir, "_calls") });
  await host.reload();
  return host;
}

/** A line of bash that tells a pid in the progress. */
const tell = (pid: string) => `echo '{"step":"pid","status":"running","message":"'${pid}'"}'`;
const toldBy = (events: readonly ProgressEvent[]) =>
  events.filter(({ step }) => step === "pid").map(({ message }) => Number(message));

describe("a call that a killed daemon left under way", () => {
  it("is ended by the next one with everything it started", async () => {
    await using at = await place();
    // The child is in a session of its own, where no signal to the plugin's group reaches it.
    await at.install("p", { deploy: `setsid sleep 1000 & ${tell("$!")}; ${tell("$$")}; wait` });
    const first = await started(at);
    const events: ProgressEvent[] = [];
    const isUp = Promise.withResolvers<void>();
    const call = first.stream("p", "deploy", input(), (event) => {
      if (events.push(event) === 2) isUp.resolve();
    });
    const failed = expect(call).rejects.toMatchObject({ message: expect.stringContaining("SIGKILL") });
    await isUp.promise;

    await started(at);
    await failed;
    expect(toldBy(events).map(identify)).toEqual([undefined, undefined]);
  });

  it("does not count once the plugin has answered: what it left running on purpose runs on", async () => {
    await using at = await place();
    await at.install("p", {
      deploy: `setsid sleep 1000 >/dev/null 2>&1 & ${tell("$!")}; echo '{"step":"complete","status":"done"}'`,
    });
    const events: ProgressEvent[] = [];
    await (await started(at)).stream("p", "deploy", input(), (event) => events.push(event));
    expect(await readdir(join(at.dir, "_calls"))).toEqual([]);

    await started(at);
    const [left = 0] = toldBy(events);
    expect(identify(left)).toBeDefined();
    process.kill(left, "SIGKILL");
  });
});
