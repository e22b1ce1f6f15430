import { expect, it } from "vitest";
import {
  complete,
  instance,
  json,
  ndjson,
  operation,
  type Script,
  scriptedDaemon,
} from "../../client/test/scripted-daemon.ts";
import { runCli } from "./run-cli.ts";

const reserve = { step: "reserve", status: "done" };
const deploy = { step: "deploy", status: "running", message: "pulling", percent: 40 };

const created: Script = {
  "POST /instances": ndjson([reserve, deploy, complete], { operation: "op1" }),
  "GET /operations/op1": json(200, operation("op1", { result: instance("demo", { warnings: ["port 1 is taken"] }) })),
};

it("says on stderr what the daemon ignored of the request", async () => {
  const warnings = ['Field "labells" is not known and was ignored. Did you mean "labels"?'];
  await using daemon = await scriptedDaemon({
    "POST /instances/demo/stop": ndjson([{ ...complete, warnings }], { operation: "op1" }),
    "GET /operations/op1": json(200, operation("op1", { result: { status: "ok" } })),
  });
  const { stdout, stderr } = await runCli(["stop", "demo", "-q"], { daemon });
  expect([stdout, stderr]).toEqual(["", `warning: ${warnings[0]}\n`]);
});

it("shows progress as lines on stderr and the result on stdout", async () => {
  await using daemon = await scriptedDaemon({ ...created });
  const { code, stdout, stderr } = await runCli(["create", "demo"], { daemon });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "Created demo.\n" });
  expect(stderr.replace(/\[\d+ ms\]/g, "[t]")).toBe(
    "[t] reserve done\n[t] deploy: pulling (40 %)\nwarning: port 1 is taken\n" +
      'Use it with: eval "$(dockersnap use demo)"\n',
  );
});

it("shows the daemon's own lines on stderr and its JSON on stdout with -o json", async () => {
  await using daemon = await scriptedDaemon({ ...created });
  const { stdout, stderr } = await runCli(["create", "demo", "-o", "json"], { daemon });
  expect(JSON.parse(stdout)).toEqual(instance("demo", { warnings: ["port 1 is taken"] }));
  const lines = stderr.split("\n").filter((line) => line.startsWith("{"));
  expect(lines.map((line) => JSON.parse(line))).toEqual([reserve, deploy, complete]);
});

it("says nothing but warnings with -q", async () => {
  await using daemon = await scriptedDaemon({ ...created });
  expect(await runCli(["create", "demo", "-q"], { daemon })).toMatchObject({
    code: 0,
    stdout: "",
    stderr: "warning: port 1 is taken\n",
  });
});

it("shows a list that redraws itself on a terminal", async () => {
  await using daemon = await scriptedDaemon({ ...created });
  const { stderr } = await runCli(["create", "demo"], { daemon, interactive: true, columns: 100 });
  expect(stderr).toContain("✔ reserve");
  expect(stderr).toMatch(/✔ deploy \d+ ms {2}pulling\n/);
  expect(stderr).toContain("\u001b[2A\u001b[0J");
});

it("fails with the operation's own error", async () => {
  await using daemon = await scriptedDaemon({
    "POST /instances": ndjson([{ step: "error", status: "error", message: "no" }], { operation: "op1" }),
    "GET /operations/op1": json(
      200,
      operation("op1", { status: "failed", error: { error: "The pool is full.", code: "no_space" } }),
    ),
  });
  expect(await runCli(["create", "demo"], { daemon })).toMatchObject({
    code: 1,
    stdout: "",
    stderr: "error: The pool is full.\n",
  });
});

it("leaves the operation running after Ctrl-C where nobody can answer", async () => {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  let press = () => {};
  const stop = ndjson([reserve], { operation: "op1", until: over });
  await using daemon = await scriptedDaemon({
    "POST /instances/demo/stop": (request, response) => {
      const answered = stop(request, response);
      press();
      return answered;
    },
  });
  const { code, stdout } = await runCli(["stop", "demo"], {
    daemon,
    onListening: (listener) => {
      press = listener;
    },
  });
  end();
  expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
  expect(daemon.received.map((one) => one.route)).toEqual(["POST /instances/demo/stop"]);
});
