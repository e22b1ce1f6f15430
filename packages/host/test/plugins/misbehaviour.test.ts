import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProgressEvent } from "@dockersnap/contract";
import { describe, expect, it } from "vitest";
import { identify, isAlive } from "../../src/process/identity.ts";
import { appears, input, type Place, place } from "./support.ts";

async function failure(promise: Promise<unknown>): Promise<{ code: string; message: string; details: unknown }> {
  return promise.then(
    (value) => {
      throw new Error(`it resolved with ${JSON.stringify(value)}`);
    },
    (error) => error,
  );
}

const ask = (at: Place) => at.host.ask("p", "describe", input());
const described = { workload_type: "p", status: "running" };

async function deploy(at: Place) {
  const events: ProgressEvent[] = [];
  await at.host.stream("p", "deploy", input(), (event) => events.push(event));
  return events;
}

/** Whether the process whose pid a plugin wrote to `<dir>/<file>` is still there. */
async function isRunning(at: Place, file: string): Promise<boolean> {
  const known = identify(Number(await readFile(join(at.dir, file), "utf8")));
  return known !== undefined && isAlive(known);
}

const answers: [string, string, RegExp][] = [
  ["prints nothing", "true", /^Plugin 'p' failed at describe: it answered nothing on stdout$/],
  ["prints nothing but complains", "echo no kubeconfig >&2", /nothing on stdout\. On stderr: no kubeconfig$/],
  ["prints no JSON", "echo Hello there", /answered with something that is not JSON: "Hello there"$/],
  ["prints two answers", `echo '${JSON.stringify(described)}{}'`, /not JSON/],
  ["prints the wrong shape", `echo '{"workload_type":1}'`, /does not have \(workload_type: .*; status: .*\)$/],
  ["prints a list", "echo '[]'", /a shape the contract does not have/],
  ["prints invalid UTF-8", `printf '{"workload_type":"\\xff","status":"x"}'`, /bytes that are not valid UTF-8$/],
  ["prints without end", "yes", /failed at describe: it answered with more than 4 MiB\.$/],
  ["prints one line of 100 MiB", "head -c 104857600 /dev/zero", /answered with more than 4 MiB/],
  ["nests without end", `head -c 2000000 /dev/zero | tr '\\0' '['`, /not JSON/],
  ["nests a little too much", `printf '%.0s[' {1..101}; printf '%.0s]' {1..101}`, /not JSON/],
  ["logs without end", "yes >&2", /failed at describe: it wrote more than 64 MiB to stderr\.$/],
  ["exits with a code", "exit 7", /^Plugin 'p' failed at describe: exited with 7\.$/],
  ["dies of a signal", "kill -SEGV $$", /^Plugin 'p' failed at describe: killed by SIGSEGV\.$/],
];

it.each(answers)("says so of a plugin that %s", async (_, body, message) => {
  await using at = await place();
  await at.install("p", { describe: body });
  const error = await failure(ask(at));
  expect(error.code).toBe("plugin_failed");
  expect(error.message).toMatch(message);
  expect(error.message.length).toBeLessThan(5000);
});

it("takes brackets in a text for text", async () => {
  await using at = await place();
  const text = `${"[".repeat(200)}\\"{{`;
  await at.install("p", { describe: `cat <<'END'\n${JSON.stringify({ ...described, details: { text } })}\nEND` });
  expect(await ask(at)).toEqual({ ...described, details: { text } });
});

it("needs no newline after an answer", async () => {
  await using at = await place();
  await at.install("p", { describe: `printf '%s' '${JSON.stringify(described)}'` });
  expect(await ask(at)).toEqual(described);
});

it("does not mind a plugin that never reads what it is told, however long that is", async () => {
  await using at = await place();
  await at.install("p", { describe: `exec 0<&-; echo '${JSON.stringify(described)}'` });
  const long = input({ plugin_config: { text: "x".repeat(3_000_000) } });
  expect(await at.host.ask("p", "describe", long)).toEqual(described);
});

it("lets a plugin open its streams by name, as scripts do", async () => {
  await using at = await place();
  await at.install("p", {
    describe: `name=$(cat /dev/stdin | grep -o '"instance_name":"[a-z]*"' | cut -d'"' -f4)
echo seen > /dev/stderr
echo "{\\"workload_type\\":\\"$name\\",\\"status\\":\\"x\\"}" > /dev/stdout`,
  });
  expect(await ask(at)).toEqual({ workload_type: "demo", status: "x" });
  expect(at.log.entries).toContainEqual(expect.objectContaining({ message: "seen" }));
});

it("gives stdin an end, and init and schema an empty one", async () => {
  await using at = await place();
  await at.install("p", {
    init: `test -z "$(cat)"`,
    describe: `cat > ${at.dir}/read; cat >> ${at.dir}/read; echo '${JSON.stringify(described)}'`,
  });
  await ask(at);
  expect(JSON.parse(await readFile(join(at.dir, "read"), "utf8"))).toEqual(input());
});

it("names the time of a plugin that took longer, and ends it", async () => {
  await using at = await place({ timeouts: { describe: 300 } });
  await at.install("p", { describe: "sleep 600" });
  expect(await failure(ask(at))).toMatchObject({
    code: "plugin_failed",
    message: "Plugin 'p' failed at describe: timed out after 0.3 s.",
    details: { timeout_ms: 300 },
  });
});

describe("a plugin that is to end", () => {
  const up = `echo '{"step":"up","status":"running"}'`;

  /** Cancel a deploy as soon as it told of its first step. */
  async function cancelled(at: Place, body: string): Promise<void> {
    await at.install("p", { deploy: body });
    const stop = new AbortController();
    const call = at.host.stream("p", "deploy", input(), () => stop.abort(), { signal: stop.signal });
    expect((await failure(call)).code).toBe("cancelled");
  }

  it("is ended with all its children, also where it ignores SIGTERM", async () => {
    await using at = await place();
    await cancelled(
      at,
      `trap '' TERM; sleep 600 & echo $! > ${at.dir}/child; echo $$ > ${at.dir}/main; ${up}; while :; do sleep 600; done`,
    );
    expect(await isRunning(at, "main")).toBe(false);
    expect(await isRunning(at, "child")).toBe(false);
  });

  it("takes along what it put into a session of its own", async () => {
    await using at = await place();
    await cancelled(
      at,
      `setsid bash -c 'echo $$ > ${at.dir}/child; sleep 600 & echo $! > ${at.dir}/grandchild; ${up.replaceAll("'", `'"'"'`)}; wait' & wait`,
    );
    expect(await isRunning(at, "child")).toBe(false);
    expect(await isRunning(at, "grandchild")).toBe(false);
  });

  it("has time to put things in order", async () => {
    await using at = await place();
    await cancelled(at, `trap 'echo yes > ${at.dir}/tidied; exit 1' TERM; ${up}; sleep 600 & wait`);
    expect(await readFile(join(at.dir, "tidied"), "utf8")).toBe("yes\n");
  });

  it("is none for having closed its output, and is ended although it did", async () => {
    await using at = await place();
    await at.install("p", {
      describe: `echo '${JSON.stringify(described)}'; exec >&- 2>&-; echo $$ > ${at.dir}/main; touch ${at.dir}/closed; exec sleep 600`,
    });
    const stop = new AbortController();
    const call = failure(at.host.ask("p", "describe", input(), { signal: stop.signal }));
    await appears(at.dir, "closed");
    stop.abort();
    expect((await call).code).toBe("cancelled");
    expect(await isRunning(at, "main")).toBe(false);
  });
});

describe("a child that holds the output open", () => {
  it.each([
    ["in the plugin's group", "sleep 600"],
    ["in a session of its own", "setsid sleep 600"],
  ])("%s does not hold up the answer, and is ended", async (_where, child) => {
    await using at = await place();
    await at.install("p", {
      describe: `${child} & echo $! > ${at.dir}/child; echo '${JSON.stringify(described)}'`,
    });
    expect(await ask(at)).toEqual(described);
    expect(await isRunning(at, "child")).toBe(false);
  });

  it.each([
    ["in the plugin's group", "sleep 600"],
    ["in a session of its own", "setsid sleep 600"],
  ])("%s is left alone where it lets go of the output", async (_where, child) => {
    await using at = await place();
    await at.install("p", {
      describe: `${child} >/dev/null 2>&1 & echo $! > ${at.dir}/child; echo '${JSON.stringify(described)}'`,
    });
    await ask(at);
    expect(await isRunning(at, "child")).toBe(true);
    process.kill(Number(await readFile(join(at.dir, "child"), "utf8")));
  });

  it("may still write the last of it", async () => {
    await using at = await place();
    await at.install("p", { describe: `(sleep 0.05; echo '${JSON.stringify(described)}') & exit 0` });
    expect(await ask(at)).toEqual(described);
  });
});

describe("a cancelled call", () => {
  it("ends the plugin and is told as cancelled", async () => {
    await using at = await place();
    await at.install("p", { deploy: `echo '{"step":"a","status":"running"}'; exec sleep 60` });
    const stop = new AbortController();
    const reason = new Error("enough");
    const error = await failure(
      at.host.stream("p", "deploy", input(), () => stop.abort(reason), { signal: stop.signal }),
    );
    expect(error).toMatchObject({ code: "cancelled", message: "Plugin 'p' was cancelled at deploy.", cause: reason });
  });

  it("starts nothing where it was cancelled before", async () => {
    await using at = await place();
    await at.install("p", { describe: `touch ${at.dir}/ran; echo '${JSON.stringify(described)}'` });
    const error = await failure(at.host.ask("p", "describe", input(), { signal: AbortSignal.abort() }));
    expect(error.code).toBe("cancelled");
    await expect(readFile(join(at.dir, "ran"))).rejects.toThrow("ENOENT");
  });
});

describe("progress", () => {
  it("comes in order, verbatim, none lost, with and without a last newline", async () => {
    await using at = await place();
    await at.install("p", {
      deploy: `for i in $(seq 5000); do echo "{\\"step\\":\\"s$i\\",\\"status\\":\\"running\\",\\"own\\":[$i,null]}"; done
printf '{"step":"complete","status":"done","message":"é"}'`,
    });
    const events = await deploy(at);
    expect(events).toHaveLength(5001);
    expect(events[4999]).toEqual({ step: "s5000", status: "running", own: [5000, null] });
    expect(events.at(-1)).toEqual({ step: "complete", status: "done", message: "é" });
  });

  it("comes as it happens", async () => {
    await using at = await place();
    await at.install("p", {
      deploy: `echo '{"step":"one","status":"running"}'; until test -e ${at.dir}/go; do sleep 0.01; done; echo '{"step":"two","status":"done"}'`,
    });
    const steps: string[] = [];
    await at.host.stream("p", "deploy", input(), async ({ step }) => {
      steps.push(step);
      if (step === "one") await at.write("go", "");
    });
    expect(steps).toEqual(["one", "two"]);
  });

  it("is not spoilt by lines that are none; they are told in the log", async () => {
    await using at = await place();
    await at.install("p", {
      deploy: `echo 'Creating cluster ...'; echo '{"step":1}'; printf '\\xff\\xfe\\n'; echo; echo '{"step":"complete","status":"done"}'`,
    });
    expect(await deploy(at)).toEqual([{ step: "complete", status: "done" }]);
    expect(at.log.entries.filter(({ level }) => level === "warn").map(({ fields }) => fields)).toEqual([
      { plugin: "p", command: "deploy", instance: "demo", line: "Creating cluster ..." },
      { plugin: "p", command: "deploy", instance: "demo", line: '{"step":1}' },
      { plugin: "p", command: "deploy", instance: "demo", line: "\ufffd\ufffd" },
    ]);
  });

  it("tells of many such lines only once more", async () => {
    await using at = await place();
    await at.install("p", { deploy: "seq 1000" });
    await deploy(at);
    const warnings = at.log.entries.filter(({ level }) => level === "warn");
    expect(warnings).toHaveLength(21);
    expect(warnings.at(-1)).toMatchObject({ fields: { lines: 980 } });
  });

  it("ends with complete: what follows is told in the log", async () => {
    await using at = await place();
    await at.install("p", {
      deploy: `echo '{"step":"complete","status":"done"}'; echo '{"step":"more","status":"running"}'`,
    });
    expect(await deploy(at)).toEqual([{ step: "complete", status: "done" }]);
    expect(at.log.entries).toContainEqual(
      expect.objectContaining({ level: "warn", message: "the plugin wrote progress after 'complete'" }),
    );
  });

  it("warns of nothing where an SDK says complete twice, or writes an envelope over several lines", async () => {
    await using at = await place();
    const complete = `echo '{"step":"complete","status":"done"}'`;
    const envelope = `echo '{'; echo '  "contract_version": "1",'; echo '  "error": "no room"'; echo '}'; exit 1`;
    await at.install("p", { deploy: `${complete}; ${complete}`, teardown: envelope });
    expect(await deploy(at)).toEqual([{ step: "complete", status: "done" }]);
    await expect(at.host.stream("p", "teardown", input(), () => undefined)).rejects.toThrow("no room");
    expect(at.log.entries.filter(({ level }) => level === "warn")).toEqual([]);
  });

  it("takes null as absent and a percentage of another kind as none", async () => {
    await using at = await place();
    await at.install("p", {
      deploy: `echo '{"step":"a","status":"running","message":null,"percent":40}'; echo '{"step":"b","status":"running","percent":"half"}'`,
    });
    expect(await deploy(at)).toEqual([
      { step: "a", status: "running", percent: 40 },
      { step: "b", status: "running" },
    ]);
  });

  it.each([
    ["a line of 100 MiB", "head -c 104857600 /dev/zero", /it wrote a line of progress longer than 1 MiB\.$/],
    ["events without end", `yes '{"step":"a","status":"running"}'`, /it told more than 100000 steps of progress\.$/],
    ["lines without end", "yes", /it wrote more than 1000000 lines of progress\.$/],
    ["one that goes on", "yes $(printf 'y%.0s' {1..1000})", /it wrote more than 64 MiB of progress\.$/],
  ])("has a bound: %s", async (_, body, message) => {
    await using at = await place();
    await at.install("p", { deploy: body });
    expect((await failure(at.host.stream("p", "deploy", input(), () => undefined))).message).toMatch(message);
  });

  it("that nobody can listen to ends the plugin with what was wrong", async () => {
    await using at = await place();
    await at.install("p", { deploy: `echo '{"step":"a","status":"running"}'; exec sleep 60` });
    const fault = new Error("no more room");
    await expect(
      at.host.stream("p", "deploy", input(), () => {
        throw fault;
      }),
    ).rejects.toBe(fault);
  });
});

it("keeps answering after each of these", async () => {
  await using at = await place();
  await at.install("p", { access: "yes", describe: `echo '${JSON.stringify(described)}'` });
  await failure(at.host.ask("p", "access", input()));
  expect(await Promise.all(Array.from({ length: 40 }, () => ask(at)))).toHaveLength(40);
});

it("lets one plugin that never answers keep nobody else waiting", async () => {
  await using at = await place();
  await at.install("stuck", { access: "sleep 600" });
  await at.install("p", { describe: `echo '${JSON.stringify(described)}'` });
  const stop = new AbortController();
  const stuck = Array.from({ length: 100 }, () =>
    failure(at.host.ask("stuck", "access", input(), { signal: stop.signal })),
  );
  expect(await ask(at)).toEqual(described);
  stop.abort();
  expect(new Set((await Promise.all(stuck)).map(({ code }) => code))).toEqual(new Set(["cancelled"]));
});
