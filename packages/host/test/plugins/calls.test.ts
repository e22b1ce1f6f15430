import { existsSync } from "node:fs";
import { chmod, chown, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { answer, bashPlugin, input, place } from "./support.ts";

describe("what a failing command says", () => {
  const envelope = `echo '{"contract_version":"1","error":"create cluster failed","details":"no nodes"}'`;
  const event = `echo '{"step":"pull","status":"error","message":"image not found"}'`;
  const log = `echo '{"ts":"2026-01-01T00:00:00Z","level":"ERROR","plugin":"p","msg":"from the log"}' >&2; echo plain >&2`;

  it.each([
    ["the envelope before all else", `${log};${event};${envelope}; exit 1`, "create cluster failed: no nodes"],
    [
      "an envelope over several lines",
      `${log};${event}; printf '{\\n"error":\\n"spread out"\\n}'; exit 1`,
      "spread out",
    ],
    ["then the last error event", `${log};${event}; exit 1`, "image not found"],
    ["then stderr, log lines reduced to their message", `${log}; exit 3`, "from the log\nplain"],
    ["then how it ended", "exit 9", "exited with 9."],
    ["an empty envelope says nothing", `echo '{"error":""}'; echo why >&2; exit 1`, "why"],
    ["details of any kind", `echo '{"error":"bad","details":{"a":[1]}}'; exit 1`, 'bad: {"a":[1]}'],
  ])("is %s", async (_, body, words) => {
    await using at = await place();
    await at.install("p", { deploy: body });
    await expect(at.host.stream("p", "deploy", input(), () => undefined)).rejects.toMatchObject({
      code: "plugin_failed",
      message: `Plugin 'p' failed at deploy: ${words}`,
    });
  });

  it("is the end of a long stderr", async () => {
    await using at = await place();
    await at.install("p", { describe: "seq 100000 >&2; exit 1" });
    await expect(at.host.ask("p", "describe", input())).rejects.toThrowError(/: ….*\n99999\n100000$/s);
  });

  it("passes error events on before it fails", async () => {
    await using at = await place();
    await at.install("p", { deploy: `${event}; exit 1` });
    const events: unknown[] = [];
    await at.host.stream("p", "deploy", input(), (each) => events.push(each)).catch(() => undefined);
    expect(events).toEqual([{ step: "pull", status: "error", message: "image not found" }]);
  });
});

describe("validate", () => {
  const refusal = { contract_version: "1", valid: false, errors: ["port: below 1024"], warnings: null };

  it.each([
    ["exits 0 with valid:false", `${answer(refusal)}`],
    ["exits 1 with valid:false", `${answer(refusal)}\nexit 1`],
    ["exits 1 with errors alone", `${answer({ errors: refusal.errors })}\nexit 1`],
  ])("refuses with its errors where it %s", async (_, body) => {
    await using at = await place();
    await at.install("p", { validate: body });
    expect(await at.host.ask("p", "validate", input())).toMatchObject({ valid: false, errors: refusal.errors });
  });

  it("refuses with its stderr where it names no errors", async () => {
    await using at = await place();
    await at.install("p", { validate: `echo too small >&2; echo '{"valid":false}'; exit 1` });
    expect(await at.host.ask("p", "validate", input())).toEqual({ valid: false, errors: ["too small"] });
  });

  it.each([
    ["an envelope", `echo '{"error":"no docker"}'; exit 1`, /no docker/],
    ["nothing", "exit 1", /exited with 1/],
    ["valid:true and a failure at once", `echo '{"valid":true}'; exit 1`, /exited with 1/],
    ["a crash after a refusal", `echo '{"valid":false}'; kill -9 $$`, /killed by SIGKILL/],
  ])("has failed, not refused, with %s", async (_, body, message) => {
    await using at = await place();
    await at.install("p", { validate: body });
    await expect(at.host.ask("p", "validate", input())).rejects.toMatchObject({
      code: "plugin_failed",
      message: expect.stringMatching(message),
    });
  });
});

describe("health", () => {
  it("is what the plugin says where it exits 0", async () => {
    await using at = await place();
    const unhealthy = { healthy: false, checks: [{ name: "web", ok: false, message: "refused" }] };
    await at.install("p", { health: answer(unhealthy) });
    expect(await at.host.ask("p", "health", input())).toEqual(unhealthy);
  });

  it("takes a status of another contract's for a field it does not know", async () => {
    await using at = await place();
    await at.install("p", { health: answer({ healthy: true, status: "green", message: { en: "fine" }, since: 3 }) });
    expect(await at.host.ask("p", "health", input())).toEqual({ healthy: true });
  });

  it("keeps its checks where the probe exits with a failure", async () => {
    await using at = await place();
    await at.install("p", {
      health: `${answer({ healthy: true, checks: [{ name: "web", ok: true }] })}\necho no docker >&2; exit 1`,
    });
    expect(await at.host.ask("p", "health", input())).toEqual({
      healthy: false,
      checks: [
        { name: "web", ok: true },
        { name: "plugin", ok: false, message: "no docker" },
      ],
    });
  });

  it("rejects where the probe could not run", async () => {
    await using at = await place();
    await at.install("p", { health: "exit 1" });
    await expect(at.host.ask("p", "health", input())).rejects.toMatchObject({ code: "plugin_failed" });
  });
});

describe("a command the plugin does not have", () => {
  it("is answered with the least there is to say", async () => {
    await using at = await place();
    await at.install("p", {});
    const ask = (command: "validate" | "access" | "describe" | "health") => at.host.ask("p", command, input());
    expect(await ask("validate")).toEqual({ valid: true });
    expect(await ask("access")).toEqual({});
    expect(await ask("describe")).toEqual({ workload_type: "p", status: "unknown" });
    expect(await ask("health")).toMatchObject({ healthy: true });
  });

  it.each(["teardown", "pre_snapshot", "post_snapshot", "post_revert", "post_clone"] as const)(
    "has nothing to do at %s",
    async (command) => {
      await using at = await place();
      await at.install("p", {});
      await expect(at.host.stream("p", command, input(), () => undefined)).resolves.toBeUndefined();
    },
  );

  it("cannot be deploy", async () => {
    await using at = await place();
    await at.install("p", {});
    await expect(at.host.stream("p", "deploy", input(), () => undefined)).rejects.toThrowError(
      "Plugin 'p' failed at deploy: exited with 64: not implemented.",
    );
  });
});

describe("a plugin's process", () => {
  it("has a short list of the daemon's environment, its log level, and the daemon's own Node first in PATH", async () => {
    const secret = { DOCKERSNAP_API_TOKEN: "secret", AWS_SECRET_ACCESS_KEY: "secret", NODE_OPTIONS: "--no-warnings" };
    const env = { PATH: "/usr/bin:/bin", HOME: "/root", LC_ALL: "C.UTF-8", https_proxy: "http://p:1", KEEP: "this" };
    await using at = await place({ env: { ...env, ...secret }, passedVariables: ["KEEP"], logLevel: "debug" });
    await at.install("p", {
      deploy: `env > ${at.dir}/env; ps -o pgid= -p $$ > ${at.dir}/pgid; echo $$ > ${at.dir}/pid`,
    });
    await at.host.stream("p", "deploy", input(), () => undefined);
    const ofBash = /^(PWD|SHLVL|_|DOCKERSNAP_CALL)=/;
    const seen = (await readFile(join(at.dir, "env"), "utf8")).trim().split("\n");
    expect(seen.filter((line) => !ofBash.test(line)).sort()).toEqual([
      "DOCKERSNAP_LOG_LEVEL=debug",
      "HOME=/root",
      "KEEP=this",
      "LC_ALL=C.UTF-8",
      `PATH=${dirname(process.execPath)}:/usr/bin:/bin`,
      "https_proxy=http://p:1",
    ]);
    const read = async (name: string) => Number(await readFile(join(at.dir, name), "utf8"));
    expect(await read("pgid")).toBe(await read("pid"));
  });

  it.each([
    ["the daemon's", {}, "/var/cache/compiled"],
    ["the operator's own", { NODE_COMPILE_CACHE: "/mine" }, "/mine"],
  ])("finds a folder for what Node compiles: %s", async (_whose, env, folder) => {
    await using at = await place({ env: { PATH: "/usr/bin:/bin", ...env }, compileCacheDir: "/var/cache/compiled" });
    await at.install("p", { deploy: `echo "$NODE_COMPILE_CACHE" > ${at.dir}/folder` });
    await at.host.stream("p", "deploy", input(), () => undefined);
    expect(await readFile(join(at.dir, "folder"), "utf8")).toBe(`${folder}\n`);
  });

  it.each([
    [
      "file became writable by others",
      (dir: string) => chmod(join(dir, "p/p"), 0o777),
      /p\/p can be changed by others/,
    ],
    ["folder became writable by others", (dir: string) => chmod(join(dir, "p"), 0o777), /\/p can be changed by others/],
    ["file was given to somebody else", (dir: string) => chown(join(dir, "p/p"), 1234, 0), /belongs to user 1234/],
    ["file became a text", (dir: string) => writeFile(join(dir, "p/p"), "touch $0.run\n"), /neither with '#!' nor/],
  ])("is not started where its %s after it was loaded", async (_, loosen, reason) => {
    await using at = await place();
    await at.install("p", { deploy: `touch ${at.dir}/was-run`, health: `touch ${at.dir}/was-run` });
    await loosen(at.dir);
    const refused = { code: "plugin_failed", message: expect.stringMatching(reason) };
    await expect(at.host.stream("p", "deploy", input(), () => undefined)).rejects.toMatchObject(refused);
    await expect(at.host.ask("p", "health", input())).rejects.toMatchObject(refused);
    expect(existsSync(join(at.dir, "was-run"))).toBe(false);
  });

  it("goes on undisturbed by a reload", async () => {
    await using at = await place();
    await at.install("p", {
      deploy: `echo '{"step":"one","status":"running"}'; until test -e ${at.dir}/go; do sleep 0.01; done; echo '{"step":"two","status":"done"}'`,
    });
    const steps: string[] = [];
    await at.host.stream("p", "deploy", input(), async ({ step }) => {
      steps.push(step);
      if (step !== "one") return;
      await at.host.reload();
      await at.write("go", "");
    });
    expect(steps).toEqual(["one", "two"]);
  });

  it("leaves no open descriptor behind", async () => {
    await using at = await place();
    await at.install("p", { describe: answer({ workload_type: "p", status: "x" }), access: "exit 1" });
    const open = async () => (await import("node:fs/promises")).readdir("/proc/self/fd").then((list) => list.length);
    const round = () =>
      Promise.allSettled(
        Array.from({ length: 12 }, (_, index) => at.host.ask("p", index % 2 ? "access" : "describe", input())),
      );
    await round();
    const before = await open();
    for (let index = 0; index < 5; index += 1) await round();
    // Pipes made ahead come and go; a descriptor lost per call would make it a hundred more.
    expect((await open()) - before).toBeLessThan(40);
  });
});

describe("logs on stderr", () => {
  it("are told at their level with their attributes, and every other line as it is", async () => {
    await using at = await place();
    const line = (more: object) =>
      `echo '${JSON.stringify({ ts: "2026-01-01T00:00:00Z", plugin: "p", msg: "m", ...more })}' >&2`;
    await at.install("p", {
      describe: [
        line({ level: "WARN", attrs: { node: 3, nothing: null } }),
        line({ level: "debug", attrs: null }),
        line({ level: "FATAL" }),
        "echo just text >&2",
        "printf 'no newline' >&2",
        answer({ workload_type: "p", status: "x" }),
      ].join("\n"),
    });
    at.log.entries.length = 0;
    await at.host.ask("p", "describe", input());
    const context = { plugin: "p", command: "describe", instance: "demo" };
    expect(at.log.entries).toEqual([
      { level: "warn", message: "m", fields: { ...context, attrs: { node: 3, nothing: null } } },
      { level: "debug", message: "m", fields: context },
      { level: "info", message: expect.stringContaining("FATAL"), fields: { ...context, raw: true } },
      { level: "info", message: "just text", fields: { ...context, raw: true } },
      { level: "info", message: "no newline", fields: { ...context, raw: true } },
    ]);
  });

  it("are cut where a line has no end, and left out past their bound, and the command goes on", async () => {
    await using at = await place();
    const flood = `head -c 1000000 /dev/zero | tr '\\0' x >&2; echo >&2; yes "$(printf 'y%.0s' {1..1000})" | head -c 20000000 >&2`;
    await at.install("p", {
      deploy: `${flood}; echo '{"step":"complete","status":"done"}'`,
      describe: `${flood}\n${answer({ workload_type: "p", status: "x" })}`,
    });
    const logged = async (call: () => Promise<unknown>) => {
      at.log.entries.length = 0;
      await call();
      return at.log.entries.splice(0);
    };
    const deployed = await logged(() => at.host.stream("p", "deploy", input(), () => undefined));
    expect(Math.max(...deployed.map(({ message }) => message.length))).toBe(64 * 1024 + 1);
    expect(deployed.at(-1)).toMatchObject({ level: "warn", message: expect.stringContaining("more than 8 MiB") });
    expect(deployed.length).toBeLessThan(9_000);
    // What is asked every half minute may say less each time.
    const asked = await logged(() => at.host.ask("p", "describe", input()));
    expect(asked.at(-1)).toMatchObject({ level: "warn", message: expect.stringContaining("more than 0.5 MiB") });
    expect(asked.length).toBeLessThan(10);
  });
});

it("says of a plugin whose file went away what happened", async () => {
  await using at = await place();
  await at.install("p", {});
  await (await import("node:fs/promises")).rm(join(at.dir, "p"), { recursive: true });
  await expect(at.host.ask("p", "describe", input())).rejects.toThrowError(/could not be started: the executable/);
});

it("runs plugins in any language that has executables", async () => {
  await using at = await place();
  const schema = bashPlugin("x", {});
  await at.write("b", schema.replaceAll('"x"', '"b"'));
  await at.write(
    "n",
    `#!/usr/bin/env node
const command = process.argv[2];
if (command === "schema") console.log(JSON.stringify({ contract_version: "1", plugin_name: "n", plugin_version: process.version }));
else if (command === "describe") {
  let text = "";
  process.stdin.on("data", (chunk) => (text += chunk)).on("end", () => {
    console.log(JSON.stringify({ workload_type: JSON.parse(text).instance_name, status: "ok" }));
  });
}
`,
  );
  await at.host.reload();
  expect(at.host.list().find(({ name }) => name === "n")).toMatchObject({ status: "ready", version: process.version });
  expect(await at.host.ask("n", "describe", input())).toEqual({ workload_type: "demo", status: "ok" });
});
