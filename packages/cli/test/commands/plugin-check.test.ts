import type { CheckLine, CheckRequest, RuleOutcome } from "@dockersnap/contract/words";
import { expect, it } from "vitest";
import { instance, json, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
import type { Io } from "../../src/io.ts";
import { runCli } from "../run-cli.ts";

const result = (rule: string, outcome: RuleOutcome, more: { seen?: string; fix?: string } = {}): CheckLine => ({
  kind: "result",
  result: { rule, statement: `The rule ${rule} holds`, outcome, ...more },
});

const lines: readonly CheckLine[] = [
  { kind: "plugin", plugin: "echo", path: "/plugins/echo" },
  result("file/name", "ok"),
  result("file/owner", "warning", { seen: "mode 0777\u001b[2J", fix: "Close it." }),
  result("deploy/lines", "failed", { seen: 'deploy wrote "Pulling"', fix: "Write events." }),
  result("engine/deploy", "skipped", { seen: "it takes an engine" }),
  { kind: "end", holds: false },
];

/** A checking program that says these lines, and what it was asked. */
function program(said: readonly CheckLine[], code = 0) {
  const asked: CheckRequest[] = [];
  const converse: Io["converse"] = async (_program, _args, { firstLine, onLine }) => {
    asked.push(JSON.parse(firstLine) as CheckRequest);
    for (const line of said) onLine(JSON.stringify(line));
    return code;
  };
  return { asked, converse };
}

const check = (around: Parameters<typeof runCli>[1], ...words: string[]) =>
  runCli(["plugin", "check", "/plugins/echo", ...words], around);

it("shows each rule under what it is about, what was seen and what puts it right", async () => {
  const { code, stdout } = await check(program(lines, 1));
  expect(stdout).toBe(`echo  /plugins/echo

file
  ✓ The rule file/name holds (file/name)
  ! The rule file/owner holds (file/owner)
      seen: mode 0777\ufffd[2J
      fix:  Close it.

deploy
  ✗ The rule deploy/lines holds (deploy/lines)
      seen: deploy wrote "Pulling"
      fix:  Write events.

engine
  - The rule engine/deploy holds (engine/deploy)
      not looked at: it takes an engine

1 rule holds, 1 is broken, 1 warning, 1 not looked at
`);
  expect(code).toBe(1);
});

it("leaves out with -q what needs no attention", async () => {
  const { stdout } = await check(program(lines, 1), "-q");
  expect(stdout).not.toContain("file/name");
  expect(stdout).toContain("deploy/lines");
});

it("is one document with -o json, and the names of broken rules with -o name", async () => {
  const document = JSON.parse((await check(program(lines, 1), "-o", "json")).stdout);
  expect(document).toMatchObject({ plugin: "echo", path: "/plugins/echo", holds: false });
  expect(document.results).toHaveLength(4);
  expect((await check(program(lines, 1), "-o", "name")).stdout).toBe("deploy/lines\n");
});

it("exits with 0 when no rule is broken, warnings or not", async () => {
  const held = lines.filter((line) => line.kind !== "result" || line.result.outcome !== "failed");
  const { code } = await check(program([...held.slice(0, -1), { kind: "end", holds: true }]));
  expect(code).toBe(0);
});

it("hands over the configuration as parsed values and as the words they were", async () => {
  const checking = program(lines);
  await check(checking, "--config", "port=80", "--config", "text=12", "--socket", "/run/a.sock");
  expect(checking.asked).toEqual([
    {
      path: "/plugins/echo",
      config: { port: 80, text: 12 },
      texts: { port: "80", text: "12" },
      socket: "/run/a.sock",
    },
  ]);
});

it("asks the daemon for what is known of an instance to deploy to", async () => {
  await using daemon = await scriptedDaemon({
    "GET /instances/demo": json(200, instance("demo")),
    "GET /instances/demo/ports": json(200, { instance: "demo", target_ip: "10.10.0.2", ports: [] }),
  });
  const checking = program(lines);
  await check({ ...checking, daemon }, "--instance", "demo");
  const { socket, subnet, metallb_ip, created_at } = instance("demo");
  expect(checking.asked[0]).toMatchObject({
    socket,
    instance: {
      name: "demo",
      subnet,
      metallb_ip,
      created_at,
      host_veth_ip: "10.10.0.1",
      ns_veth_ip: "10.10.0.2",
      netns_name: "ds-demo",
      clone_of: "",
    },
  });
});

it("says why nothing was checked, with the code of the reason", async () => {
  const message = "There is no file '/plugins/echo' to check.";
  const { code, stderr } = await check(program([{ kind: "refused", code: "not_found", message }], 1));
  expect(code).toBe(3);
  expect(stderr).toBe(`error: ${message}\n`);
});

it("does not take a checking program that broke off for one that is through", async () => {
  const { code, stderr } = await check(program(lines.slice(0, 3), 134));
  expect(code).toBe(1);
  expect(stderr).toContain("ended with 134 before it was through");
});

it("ends the plugin on Ctrl-C, then itself with 130", async () => {
  const converse: Io["converse"] = (_program, _args, { signal }) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(1));
      press();
    });
  let press = () => {};
  const onListening = (listened: () => void) => {
    press = listened;
  };
  const { code, stderr } = await check({ converse, onListening });
  expect(code).toBe(130);
  expect(stderr).toBe("Interrupted. The plugin was ended.\n");
});

it("takes an instance or a socket, not both", async () => {
  const checking = program(lines);
  const { code } = await check(checking, "--instance", "demo", "--socket", "/run/a.sock");
  expect(code).toBe(2);
  expect(checking.asked).toEqual([]);
});
