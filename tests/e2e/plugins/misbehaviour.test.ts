import type { DockersnapError, ProgressEvent } from "@dockersnap/contract/words";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { leftovers } from "../../support/audit.ts";
import { cli } from "../../support/cli.ts";
import { runningWith } from "../../support/processes.ts";
import { World } from "../../support/world.ts";
import { installScript, ToldPlugin } from "./told-plugin.ts";

let world: World;
let told: ToldPlugin;
let name: string;
/** Seconds no other test sleeps, to find this one's processes by. */
let forever: string;

beforeAll(async () => {
  world = await World.start({
    config: { plugins: { timeouts: { describe: "5s", access: "5s", health: "5s", pre_snapshot: "5s" } } },
  });
  forever = String(10_000_000 + Number.parseInt(world.id, 16));
  told = new ToldPlugin(world, "told");
  await world.client.plugins.reload();
  name = world.name("one");
  await world.client.instances.create({ name, workload_inline: { plugin: "told" } });
});
afterAll(() => world?.end());

afterEach(async () => {
  // Whatever the plugin did, the daemon lives, and so does what it started.
  expect(await world.client.instances.get(name)).toMatchObject({ status: "running" });
  // A killed process may take a moment to be gone.
  await expect.poll(() => runningWith(forever), { timeout: 30_000 }).toEqual([]);
});

const failure = (promise: Promise<unknown>): Promise<DockersnapError> =>
  promise.then(
    (value) => {
      throw new Error(`it resolved with ${JSON.stringify(value)}`);
    },
    (error) => error,
  );

const good = '{"workload_type":"told","status":"running"}';

/** What any command may do that answers once, and how it is told of. */
const answers: readonly (readonly [what: string, body: string, words: RegExp])[] = [
  ["answers nothing", "true", /answered nothing on stdout/],
  ["answers no JSON", "echo 'Hello there'", /not JSON: "Hello there"/],
  ["answers in the wrong shape", "echo '{\"contract_version\":7}'", /a shape the contract does not have \(/],
  ["answers a line of 100 MiB", "head -c 104857600 /dev/zero | tr '\\0' x", /answered with more than 4 MiB/],
  ["answers without end", "exec yes", /answered with more than 4 MiB/],
  ["complains without end", "exec yes >&2", /wrote more than 64 MiB to stderr/],
  ["answers invalid UTF-8", 'printf \'{"workload_type":"\\xff"}\'', /not valid UTF-8/],
  ["fails in its own words", 'echo \'{"error":"no quorum","details":"2 of 5"}\'; exit 3', /no quorum: 2 of 5/],
  ["is killed", "kill -SEGV $$", /killed by SIGSEGV/],
];

describe("a plugin whose schema", () => {
  const hanging: typeof answers = [
    ["ignores SIGTERM", "trap '' TERM; while :; do sleep FOREVER; done", /timed out after 5 s/],
    ["closes stdout and stays", "exec >&- 2>&- sleep FOREVER", /timed out after 5 s/],
    ["goes out of reach", "setsid sleep FOREVER & wait", /timed out after 5 s/],
  ];
  const all = [...answers, ...hanging].map(([what, body, words], index) => ({ what, body, words, id: `bad${index}` }));

  beforeAll(async () => {
    for (const { id, body } of all) {
      installScript(world, id, `#!/bin/bash\n[ "$1" != schema ] || { ${body.replaceAll("FOREVER", forever)}; }\n`);
    }
    await world.client.plugins.reload();
  });

  it.each(all)("$what is disabled with that as its reason", async ({ id, words }) => {
    const { status, error } = await world.client.plugins.get(id);
    expect({ status, error }).toEqual({ status: "disabled", error: expect.stringMatching(words) });
    const { stdout } = await cli(world, "plugin", "list");
    expect(stdout).toMatch(new RegExp(`^${id} +disabled`, "m"));
  });

  it("is wrong costs the others nothing", async () => {
    const list = await world.client.plugins.list();
    const ready = list.filter(({ status }) => status === "ready").map((plugin) => plugin.name);
    expect(ready).toEqual(["echo", "told"]);
  });
});

describe("a validate that", () => {
  const rows = answers.filter(([what]) => /JSON|without end|words/.test(what));

  it.each(rows)("%s makes nothing", async (_what, body, words) => {
    const other = world.name("other");
    told.behave("validate", body);
    const error = await failure(world.client.instances.create({ name: other, workload_inline: { plugin: "told" } }));
    told.behave("validate");
    expect({ code: error.code, message: error.message }).toEqual({
      code: "plugin_failed",
      message: expect.stringMatching(words),
    });
    expect(leftovers(other)).toEqual([]);
  });
});

describe("a describe that", () => {
  it.each(answers)("%s fails in those words, and the next one answers", async (_what, body, words) => {
    told.behave("describe", body);
    const error = await failure(world.client.instances.workload(name));
    expect({ code: error.code, message: error.message }).toEqual({
      code: "plugin_failed",
      message: expect.stringMatching(words),
    });
    told.behave("describe");
    expect(await world.client.instances.workload(name)).toMatchObject({ status: "running" });
  });

  it.each([
    ["lacks its newline", `printf '%s' '${good}'`],
    ["never reads its input", `exec 0<&-; echo '${good}'`],
    ["leaves a child on its output", `sleep FOREVER & echo '${good}'`],
    ["leaves a child of another session on its output", `setsid sleep FOREVER & echo '${good}'`],
  ])("%s answers all the same", async (_what, body) => {
    told.behave("describe", body.replaceAll("FOREVER", forever));
    expect(await world.client.instances.workload(name)).toMatchObject({ status: "running" });
    told.behave("describe");
  });
});

it("ends what does not end by itself, and says after how long", async () => {
  told.behave("describe", `exec >&- 2>&-; sleep ${forever}`);
  told.behave("access", `trap '' TERM; while :; do sleep ${forever}; done`);
  told.behave("health", `setsid sleep ${forever} & wait`);
  told.behave("pre_snapshot", `trap '' TERM; sleep ${forever} & while :; do wait; done`);
  const { instances } = world.client;
  const [describe, access, snapshot, health] = await Promise.all([
    failure(instances.workload(name)),
    failure(instances.access(name)),
    failure(instances.snapshot(name, { label: "never" })),
    instances.workloadHealth(name, { fresh: true }),
  ]);
  for (const command of ["describe", "access", "health", "pre_snapshot"] as const) told.behave(command);
  for (const { code, message } of [describe, access, snapshot]) {
    expect({ code, message }).toEqual({
      code: "plugin_failed",
      message: expect.stringContaining("timed out after 5 s"),
    });
  }
  expect(health).toMatchObject({
    healthy: false,
    checks: [{ name: "plugin", ok: false, message: expect.stringContaining("timed out after 5 s") }],
  });
});

describe("progress", () => {
  let count = 0;

  async function snapshot(body: string) {
    count += 1;
    told.behave("pre_snapshot", body.replaceAll("FOREVER", forever));
    told.calls();
    const events: ProgressEvent[] = [];
    const done = world.client.instances.snapshot(
      name,
      { label: `s${count}` },
      { onProgress: (event) => events.push(event) },
    );
    const error = await done.then(
      () => undefined,
      (reason: DockersnapError) => reason,
    );
    told.behave("pre_snapshot");
    return { events, error, calls: told.calls().map(({ command }) => command) };
  }

  const step = '{"step":"flush","status":"running","own":[1,{"a":"ü"}]}';

  it.each([
    ["lacks its last newline", `printf '%s' '${step}'`],
    ["comes with lines that are none", `echo 'Flushing...'; echo '{"step":7}'; echo '${step}'; echo '[]'`],
    ["comes with invalid UTF-8", `printf '\\xff\\xfe\\n'; echo '${step}'`],
    [
      "goes on after complete",
      `echo '${step}'; echo '{"step":"complete","status":"done"}'; echo '{"step":"more","status":"running"}'`,
    ],
    ["comes from a plugin that never reads its input", `exec 0<&-; echo '${step}'`],
    ["comes from a plugin that leaves a child on its output", `echo '${step}'; sleep FOREVER &`],
  ])("that %s reaches the client as it was written, and the end is the daemon's", async (_what, body) => {
    const { events, error } = await snapshot(body);
    expect(error).toBeUndefined();
    expect(events.filter((event) => event.step === "flush" && "own" in event)).toEqual([JSON.parse(step)]);
    expect(events.filter((event) => event.step === "more")).toEqual([]);
    expect(events.filter((event) => event.step === "complete")).toHaveLength(1);
    const message = expect.stringMatching(/^The snapshot of instance '.*' is taken\.$/);
    expect(events.at(-1)).toEqual({ step: "complete", status: "done", message });
  });

  it.each([
    ["has a line of 100 MiB", "head -c 104857600 /dev/zero | tr '\\0' x", /a line of progress longer than 1 MiB/],
    ["has no end", `exec yes '${step}'`, /more than 100000 steps of progress/],
    ["is drowned in complaints", "exec yes >&2", /more than 64 MiB to stderr/],
    ["tells an error and fails", `echo '{"step":"a","status":"error","message":"no lock"}'; exit 1`, /no lock/],
  ])("that %s fails the snapshot, and what was begun is released", async (_what, body, words) => {
    const { error, calls } = await snapshot(body);
    expect(error).toMatchObject({ code: "plugin_failed", message: expect.stringMatching(words) });
    expect(calls).toEqual(["post_snapshot"]);
    expect((await world.client.instances.get(name)).snapshots.map(({ label }) => label)).not.toContain(`s${count}`);
  });
});

it("takes a create back whose deploy has no end, and lets the plugin clean up", async () => {
  const other = world.name("other");
  told.behave("deploy", "exec yes");
  told.calls();
  const error = await failure(world.client.instances.create({ name: other, workload_inline: { plugin: "told" } }));
  told.behave("deploy");
  expect(error).toMatchObject({
    code: "plugin_failed",
    message: expect.stringContaining("more than 1000000 lines of progress"),
  });
  expect(told.calls().map(({ command }) => command)).toEqual(["validate", "teardown"]);
  expect(leftovers(other)).toEqual([]);
});
