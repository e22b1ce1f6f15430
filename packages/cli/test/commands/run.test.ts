import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  complete,
  instance,
  json,
  ndjson,
  operation,
  type Reply,
  type ScriptedDaemon,
  scriptedDaemon,
} from "../../../client/test/scripted-daemon.ts";
import { runCli, type Surroundings } from "../run-cli.ts";

let home: string;
let daemon: ScriptedDaemon;
/** What the clone was called. */
let name: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "dockersnap-run-"));
  daemon = await scriptedDaemon({});
  clones({});
});

afterEach(async () => {
  await daemon[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

/** A daemon that clones `demo@golden` to whatever name is asked for. */
function clones(rest: Record<string, unknown>, health: Reply[] = []): void {
  daemon.script["POST /instances/demo/clone"] = async (request, response) => {
    name = (request.body as { new_name: string }).new_name;
    const result = instance(name, rest);
    daemon.script["GET /operations/op-clone"] = json(200, operation("op-clone", { kind: "clone", result }));
    daemon.script[`GET /instances/${name}/access`] = json(200, {
      contract_version: "1",
      env: { ECHO_URL: "http://127.0.0.1:30001", DOCKERSNAP_INSTANCE: name },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a token of the plugin contract
      files: [{ name: "settings", content: "in ${ACCESS_DIR}", mode: "0600" }],
      endpoints: [],
    });
    daemon.script[`GET /instances/${name}/workload/health?fresh=true`] = health;
    daemon.script[`DELETE /instances/${name}`] = ndjson([complete], { operation: "op-delete" });
    daemon.script["GET /operations/op-delete"] = json(200, operation("op-delete", { kind: "delete" }));
    await ndjson([complete], { operation: "op-clone" })(request, response);
  };
}

const dockersnap = (argv: readonly string[], around: Surroundings = {}) =>
  runCli(["run", "demo@golden", ...argv], { daemon, home, ...around });
const deletions = () => daemon.received.filter(({ route }) => route === `DELETE /instances/${name}`);

it("runs the command with the clone's environment and files, and removes the clone after it", async () => {
  const calls: unknown[] = [];
  const { code } = await dockersnap(["--", "npm", "test", "--", "-x"], {
    env: { DOCKERSNAP_EXPORTED: "OLD_URL", OLD_URL: "http://other", DOCKER_CONTEXT: "far", LANG: "C" },
    run: async (program, args, env) => {
      calls.push([program, ...args], env);
      const settings = join(home, ".dockersnap", name, "settings");
      expect(await readFile(settings, "utf8")).toBe(`in ${join(home, ".dockersnap", name)}`);
      expect(deletions()).toHaveLength(0);
      return 0;
    },
  });
  expect(code).toBe(0);
  expect(calls).toEqual([
    ["npm", "test", "--", "-x"],
    {
      DOCKERSNAP_REMOTE: daemon.url,
      LANG: "C",
      ECHO_URL: "http://127.0.0.1:30001",
      DOCKERSNAP_INSTANCE: name,
      DOCKERSNAP_EXPORTED: "ECHO_URL:DOCKERSNAP_INSTANCE",
    },
  ]);
  expect(name).toMatch(/^demo-run-[0-9a-f]{6}$/);
  expect(deletions()).toHaveLength(1);
  await expect(stat(join(home, ".dockersnap", name))).rejects.toMatchObject({ code: "ENOENT" });
});

it("keeps the names of clones of a long-named source within an instance's 32 characters", async () => {
  const source = "a".repeat(32);
  daemon.script[`POST /instances/${source}/clone`] = json(409, { error: "no", code: "busy" });
  await runCli(["run", `${source}@golden`, "--", "true"], { daemon, home });
  const asked = daemon.received.flatMap(({ body }) =>
    body === undefined ? [] : [(body as { new_name: string }).new_name],
  );
  expect(asked).toEqual([expect.stringMatching(/^a{21}-run-[0-9a-f]{6}$/)]);
});

it("answers with the command's exit code, the clone removed", async () => {
  expect(await dockersnap(["--", "false"], { run: async () => 3 })).toMatchObject({ code: 3 });
  expect(deletions()).toHaveLength(1);
});

it("keeps the clone of a command that failed when asked to, and says how to look at it", async () => {
  const { code, stderr } = await dockersnap(["--keep-on-failure", "--", "false"], { run: async () => 3 });
  expect(code).toBe(3);
  expect(stderr).toContain(`Kept the clone '${name}'. Look at it with: eval "$(dockersnap use ${name})"\n`);
  expect(deletions()).toHaveLength(0);

  await dockersnap(["--keep-on-failure", "--", "true"], { run: async () => 0 });
  expect(deletions()).toHaveLength(1);
});

const probe = (ok: boolean) => json(200, { healthy: ok, checks: [{ name: "http", ok, message: "refused" }] });

it("waits until the workload is healthy", async () => {
  clones({ workload_plugin: "echo" }, [probe(false), probe(false), probe(true)]);
  let probes = 0;
  const { code } = await dockersnap(["--", "true"], {
    run: async () => {
      probes = daemon.received.filter(({ route }) => route.endsWith("/workload/health?fresh=true")).length;
      return 0;
    },
  });
  expect(code).toBe(0);
  expect(probes).toBe(3);
});

it("gives up on a workload that does not become healthy, saying what it lacks, and removes the clone", async () => {
  clones({ workload_plugin: "echo" }, [probe(false)]);
  let ran = false;
  const { code, stderr } = await dockersnap(["--wait", "1", "--", "true"], {
    run: async () => {
      ran = true;
      return 0;
    },
  });
  expect(code).toBe(1);
  expect(stderr).toContain(`The workload of '${name}' did not become healthy in time (http: refused).`);
  expect(ran).toBe(false);
  expect(deletions()).toHaveLength(1);
});

it("does not wait for a workload with --wait 0", async () => {
  clones({ workload_plugin: "echo" }, [probe(false)]);
  expect(await dockersnap(["--wait", "0", "--", "true"])).toMatchObject({ code: 0 });
});

it("cancels a clone that is being made and removes what there is of it on Ctrl-C", async () => {
  const presses: (() => void)[] = [];
  daemon.script["POST /instances/demo/clone"] = (request) => {
    name = (request.body as { new_name: string }).new_name;
    const busy = { error: "It is being made.", code: "busy" };
    daemon.script[`DELETE /instances/${name}`] = [json(409, busy), json(404, { error: "gone", code: "not_found" })];
    daemon.script[`GET /instances/${name}`] = json(
      200,
      instance(name, { operation: { id: "op-clone", kind: "clone" } }),
    );
    daemon.script["DELETE /operations/op-clone"] = json(202);
    const failed = { error: "Cancelled.", code: "cancelled" };
    const ended = { step: "error", status: "error", message: "Cancelled.", code: "cancelled" };
    daemon.script["GET /operations/op-clone/events"] = ndjson([ended], { operation: "op-clone" });
    daemon.script["GET /operations/op-clone"] = json(
      200,
      operation("op-clone", { status: "cancelled", error: failed }),
    );
    for (const press of presses) press();
  };
  const { code, questions } = await dockersnap(["--", "true"], {
    interactive: true,
    onListening: (press) => presses.push(press),
  });
  expect(code).toBe(130);
  expect(questions).toEqual([]);
  expect(daemon.received.map(({ route }) => route)).toContain("DELETE /operations/op-clone");
  expect(deletions()).toHaveLength(2);
});

it("removes the clone of a command that Ctrl-C ended, whatever is to be kept", async () => {
  const presses: (() => void)[] = [];
  const { code } = await dockersnap(["--keep-on-failure", "--", "sleep", "9"], {
    onListening: (press) => presses.push(press),
    run: async () => {
      for (const press of presses) press();
      return 130;
    },
  });
  expect(code).toBe(130);
  expect(deletions()).toHaveLength(1);
});

it("removes the clone when the command cannot be started", async () => {
  const run = async () => {
    throw Object.assign(new Error("spawn nonsense ENOENT"), { code: "ENOENT" });
  };
  const { code, stderr } = await dockersnap(["--", "nonsense"], { run });
  expect(code).toBe(3);
  expect(stderr).toBe("error: 'nonsense' cannot be started here; is it installed and in PATH?\n");
  expect(deletions()).toHaveLength(1);
});

it("says so when the clone could not be removed, and fails although the command did not", async () => {
  const { code, stderr } = await dockersnap(["--", "true"], {
    run: async () => {
      daemon.script[`DELETE /instances/${name}`] = json(500, { error: "The disk is gone.", code: "internal" });
      return 0;
    },
  });
  expect(code).toBe(1);
  expect(stderr).toContain(`warning: The clone '${name}' could not be removed: The disk is gone.`);
});

it("wants a command", async () => {
  expect(await dockersnap([])).toMatchObject({ code: 2, stderr: expect.stringContaining("The command is missing.") });
  expect(daemon.received).toEqual([]);
});

it("wants whole seconds to wait", async () => {
  expect(await dockersnap(["--wait", "soon", "--", "true"])).toMatchObject({ code: 2 });
});

it("leaves what the command put beside the clone's files, and names it", async () => {
  const { code, stderr } = await dockersnap(["--", "npm", "test"], {
    run: async () => {
      await writeFile(join(home, ".dockersnap", name, "report.xml"), "");
      return 0;
    },
  });
  expect(code).toBe(0);
  expect(stderr).toContain("stays: dockersnap did not write report.xml.");
  expect(await readdir(join(home, ".dockersnap", name))).toEqual(["report.xml"]);
});
