import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProgressEvent } from "@dockersnap/contract";
import type { CommandAhead } from "@dockersnap/core";
import { describe, expect, it } from "vitest";
import type { PluginTimeouts } from "../../src/plugins/timeouts.ts";
import { answer, appears, input, type Place, place, schemaOf } from "./support.ts";

const patient = (name: string) => answer(schemaOf(name, { reads_input_first: true }));

/** Tells its pid, says in a file that it was started, then waits for its input and repeats it. */
const waits = (dir: string) => `echo $$ >> ${dir}/pids; touch ${dir}/started; text=$(cat)
[ -n "$text" ] || exit 1
echo "$text" > ${dir}/input
echo '{"step":"complete","status":"done"}'`;

async function patientPlace(
  deploy: (dir: string) => string,
  timeouts?: Partial<PluginTimeouts>,
): Promise<Place & { ahead(): CommandAhead; starts(): Promise<number> }> {
  const at = await place(timeouts === undefined ? {} : { timeouts });
  await at.install("p", { schema: patient("p"), deploy: deploy(at.dir) });
  return Object.assign(at, {
    ahead() {
      const ahead = at.host.startAhead("p", "deploy", "demo");
      if (ahead === undefined) throw new Error("It was not started.");
      return ahead;
    },
    starts: async () => (await readFile(join(at.dir, "pids"), "utf8")).trim().split("\n").length,
  });
}

async function streamed(ahead: CommandAhead): Promise<ProgressEvent[]> {
  const events: ProgressEvent[] = [];
  await ahead.stream(input(), (event) => events.push(event));
  return events;
}

const complete = { step: "complete", status: "done" };

describe("a process started ahead", () => {
  it("is there before its input, and goes on with it", async () => {
    await using at = await patientPlace(waits);
    const ahead = at.ahead();
    await appears(at.dir, "started");
    expect(await streamed(ahead)).toEqual([complete]);
    expect(JSON.parse(await readFile(join(at.dir, "input"), "utf8"))).toEqual(input());
    expect(await at.starts()).toBe(1);
  });

  it("takes an input longer than a pipe holds", async () => {
    await using at = await patientPlace(waits);
    const long = input({ plugin_config: { text: "x".repeat(1_000_000) } });
    const ahead = at.host.startAhead("p", "deploy", "demo");
    await ahead?.stream(long, () => undefined);
    expect(JSON.parse(await readFile(join(at.dir, "input"), "utf8"))).toEqual(long);
  });

  it("goes when it is not needed", async () => {
    await using at = await patientPlace(waits);
    const ahead = at.ahead();
    await appears(at.dir, "started");
    await ahead.drop();
    const pid = Number(await readFile(join(at.dir, "pids"), "utf8"));
    expect(() => process.kill(pid, 0)).toThrowError("ESRCH");
  });

  it("ends when it is cancelled after its input", async () => {
    await using at = await patientPlace((dir) => `cat >/dev/null; echo > ${dir}/read; sleep 600 & wait`);
    const stop = new AbortController();
    const running = at.ahead().stream(input(), () => undefined, { signal: stop.signal });
    const failure = expect(running).rejects.toMatchObject({ code: "cancelled" });
    await appears(at.dir, "read");
    stop.abort();
    await failure;
  });

  it("has its time from its input on, not from its start", async () => {
    await using at = await patientPlace((dir) => `${waits(dir)}; sleep 600`, { deploy: 100 });
    const ahead = at.ahead();
    await appears(at.dir, "started");
    const failure = { code: "plugin_failed", message: expect.stringContaining("timed out") };
    // While another one runs out of all its time, this one has not begun its own.
    await expect(at.host.stream("p", "deploy", input(), () => undefined)).rejects.toMatchObject(failure);
    await expect(ahead.stream(input(), () => undefined)).rejects.toMatchObject(failure);
    expect(await at.starts()).toBe(2);
  });

  it("fails with the plugin's words", async () => {
    await using at = await patientPlace(() => "cat >/dev/null; echo no luck >&2; exit 1");
    await expect(at.ahead().stream(input(), () => undefined)).rejects.toMatchObject({
      code: "plugin_failed",
      message: "Plugin 'p' failed at deploy: no luck",
    });
  });

  it.each([
    ["ended while it waited", "exit 0"],
    ["spoke before its turn", `echo '{"step":"early","status":"running"}'; sleep 600 & wait`],
  ])("is put aside for a new one where it %s", async (_, firstTime) => {
    await using at = await patientPlace(
      (dir) => `if [ ! -e ${dir}/before ]; then echo > ${dir}/before; ${firstTime}; exit 0; fi\n${waits(dir)}`,
    );
    const ahead = at.ahead();
    const remark = expect.objectContaining({ message: expect.stringContaining("the plugin is started again") });
    await expect.poll(() => at.log.entries, { timeout: 30_000 }).toContainEqual(remark);
    expect(await streamed(ahead)).toEqual([complete]);
  });

  it.each([
    ["that does not say it reads its input first", { reads_input_first: false }],
    ["that says nothing of it", {}],
    ["that means something else by it", { reads_input_first: "yes" }],
  ])("is none of a plugin %s", async (_, more) => {
    await using at = await place();
    const { status } = await at.install("p", { schema: answer(schemaOf("p", more)), deploy: "true" });
    expect(status).toBe("ready");
    expect(at.host.startAhead("p", "deploy", "demo")).toBeUndefined();
    expect(at.host.startAhead("q", "deploy", "demo")).toBeUndefined();
  });
});
