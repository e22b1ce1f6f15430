import { expect, it } from "vitest";
import { complete, instance, json, ndjson, operation, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
import { runCli } from "../run-cli.ts";

/** A daemon that clones to any name but those in `refused`. */
async function cloning(refused: readonly string[] = []) {
  const daemon = await scriptedDaemon({});
  daemon.script["POST /instances/demo/clone"] = (request, response) => {
    const { new_name: name } = request.body as { new_name: string };
    if (refused.includes(name)) {
      return json(409, { error: `Instance '${name}' exists already.`, code: "already_exists" })(request, response);
    }
    const result = instance(name);
    daemon.script[`GET /operations/op-${name}`] = json(200, operation(`op-${name}`, { kind: "clone", result }));
    return ndjson([complete], { operation: `op-${name}` })(request, response);
  };
  return daemon;
}

const bodies = (daemon: Awaited<ReturnType<typeof cloning>>) =>
  daemon.received.filter(({ route }) => route.startsWith("POST")).map(({ body }) => body);

it("makes as many clones as asked for, numbered", async () => {
  await using daemon = await cloning();
  const { code, stdout, stderr } = await runCli(["clone", "demo@golden", "bench", "--count", "3"], { daemon });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "Cloned demo@golden to 3 of 3 instances.\n" });
  expect(stderr).toMatch(/^bench-2 is ready \(/m);
  expect(bodies(daemon)).toEqual([1, 2, 3].map((number) => ({ label: "golden", new_name: `bench-${number}` })));
});

it("makes the others when one fails, and says which failed and why", async () => {
  await using daemon = await cloning(["bench-2"]);
  const { code, stdout, stderr } = await runCli(["clone", "demo@golden", "bench", "--count", "3"], { daemon });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "Cloned demo@golden to 2 of 3 instances.\n" });
  expect(stderr).toContain("warning: bench-2: Instance 'bench-2' exists already.\n");
});

it.each([
  { daemonSays: 404, code: "not_found", error: "There is no instance 'demo'.", exit: 3 },
  { daemonSays: 507, code: "no_space", error: "The pool is full.", exit: 1 },
])("fails as a single clone does where the same is said of each: $code", async ({ daemonSays, code, error, exit }) => {
  await using daemon = await scriptedDaemon({
    "POST /instances/demo/clone": json(daemonSays, { error, code }),
  });
  const single = await runCli(["clone", "demo@golden", "bench"], { daemon });
  expect(single).toMatchObject({ code: exit, stdout: "", stderr: expect.stringContaining(error) });
  expect(await runCli(["clone", "demo@golden", "bench", "--count", "5"], { daemon })).toEqual(single);
});

it("tells programs what was made and what was not", async () => {
  await using daemon = await cloning(["bench-1"]);
  const { stdout } = await runCli(["clone", "demo@golden", "bench", "--count", "2", "-o", "json"], { daemon });
  expect(JSON.parse(stdout)).toMatchObject({
    created: [{ name: "bench-2" }],
    failed: [{ name: "bench-1", error: "Instance 'bench-1' exists already.", code: "already_exists" }],
  });
});

it("ends when the daemon goes away", async () => {
  const daemon = await cloning();
  await daemon[Symbol.asyncDispose]();
  expect(await runCli(["clone", "demo@golden", "bench", "--count", "20"], { daemon })).toMatchObject({ code: 5 });
});

it.each(["0", "-1", "two", "101", "1.5"])("refuses a count of %s", async (count) => {
  await using daemon = await cloning();
  const { code, stderr } = await runCli(["clone", "demo@golden", "bench", `--count=${count}`], { daemon });
  expect(code).toBe(2);
  expect(stderr).toContain(`'${count}' is no count: expected a whole number from 1 to 100.`);
  expect(daemon.received).toEqual([]);
});
