import { existsSync } from "node:fs";
import { join } from "node:path";
import { DaemonHealth, InstancePorts } from "@dockersnap/contract";
import { addresses } from "@dockersnap/contract/addresses";
import { instanceAddresses, type NetworkReport, type NetworkSpec, networkClashes } from "@dockersnap/core";
import { type DroppingChain, droppingChains, viewRecords } from "@dockersnap/host";
import { type Adapters, addressRange } from "../app/adapters.ts";
import type { Config } from "../config/config.ts";
import type { Finding } from "./checks.ts";

/** A daemon that works answers at once. */
const patienceMs = 3_000;

/** What may keep packets from instances and their ports, and what of the daemon's own set-up is not as it must be. */
export async function checkNetwork(
  config: Config,
  adapters: Adapters,
  daemonRuns: boolean,
): Promise<readonly Finding[]> {
  const specs = await runningNetworks(config, adapters.engines);
  const [own, told, filters] = await Promise.all([
    checkOwn(specs, adapters, daemonRuns),
    daemonRuns ? checkDaemonsView(config, specs) : [],
    checkFilters(),
  ]);
  // The daemon tells of what was found here too, in a sentence with the advice.
  const known = new Set(own.map(({ seen, advice }) => `${seen} ${advice}`));
  return [...own, ...told.filter(({ seen }) => !known.has(seen)), filters];
}

/** Compares with what the records say, so that it does not depend on a daemon that may be at fault itself. */
async function checkOwn(
  specs: readonly NetworkSpec[],
  { network, engines }: Pick<Adapters, "network" | "engines">,
  daemonRuns: boolean,
): Promise<readonly Finding[]> {
  const subject = "network: set-up";
  // Without a daemon or an engine there is nothing that must be there.
  if (!daemonRuns && specs.length === 0) return [{ subject, seen: "none needed: no instance runs" }];
  const [report, clashes] = await Promise.all([network.inspect(specs), checkClashes(specs, engines)]);
  const setUp = judge(subject, report, {
    right: `as it must be, for ${specs.length} running ${specs.length === 1 ? "instance" : "instances"}`,
    advice: daemonRuns
      ? "The daemon puts it right by itself; if this stays, its log says why ('something changed the host's network')."
      : "Start the daemon: it puts it right.",
  });
  return [...setUp, ...clashes];
}

/** Networks that were made inside instances over the addresses of their links. An engine that does not answer has none. */
async function checkClashes(specs: readonly NetworkSpec[], engines: Adapters["engines"]): Promise<readonly Finding[]> {
  const found = await Promise.all(
    specs.map(async ({ name, addresses }) => {
      const { bridgeNetworks } = engines.api(name);
      const networks = await bridgeNetworks(AbortSignal.timeout(patienceMs)).catch(() => []);
      return networkClashes(name, networks, addresses);
    }),
  );
  return found.flat().map(({ problem, advice }) => ({ subject: "network: inside", seen: problem, advice }));
}

async function runningNetworks(config: Config, engines: Adapters["engines"]): Promise<readonly NetworkSpec[]> {
  const file = join(config.state_dir, "records.db");
  const records = existsSync(file) ? viewRecords({ path: file }) : undefined;
  if (records === undefined) return [];
  try {
    const ready = records.instances.all().filter(({ phase }) => phase === "ready");
    const there = new Set(await engines.list());
    return ready
      .filter(({ name, desired }) => desired === "running" && there.has(name))
      .map(({ name, subnetIndex }) => ({ name, addresses: instanceAddresses(addressRange(config), subnetIndex) }));
  } finally {
    records.close();
  }
}

/** What only the daemon knows: which ports it forwards, which of them it holds, and which are not had as they were published. */
async function checkDaemonsView(config: Config, specs: readonly NetworkSpec[]): Promise<readonly Finding[]> {
  const subject = "network: ports";
  try {
    const { network } = DaemonHealth.parse(await askDaemon(config, addresses.getHealth.path));
    if (network === undefined)
      return [{ subject, seen: "not told by this daemon", hint: "Restart it: it is an older one." }];
    const report = {
      faults: network.problems.map((message) => ({ what: "port" as const, message })),
      unknown: [],
    };
    const published = await Promise.all(specs.map(({ name }) => publishedOtherwise(config, name, network.problems)));
    return [
      ...judge(subject, report, {
        right: "every forwarded port leads to its instance and is held for it",
        advice: "'dockersnap ports <instance>' shows what is concerned; the daemon's log says more.",
      }),
      ...published.flat(),
    ];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [
      { subject, seen: `not looked at: the daemon does not tell (${reason})`, hint: "Look at the daemon's log." },
    ];
  }
}

/** Ports of an instance that lead elsewhere than they were published, or nowhere: it works, and a person may want it otherwise. */
async function publishedOtherwise(config: Config, name: string, told: readonly string[]): Promise<readonly Finding[]> {
  const { problems = [] } = InstancePorts.parse(
    await askDaemon(config, addresses.listPorts.path.replace("{name}", name)),
  );
  const hint = `'dockersnap ports ${name}' shows the ports it has now.`;
  return problems
    .filter((problem) => !told.includes(problem))
    .map((seen) => ({ subject: `ports of ${name}`, seen, hint }));
}

async function askDaemon({ api }: Config, path: string): Promise<unknown> {
  const { host, port } = api.listen;
  const at = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "[::1]" : host.includes(":") ? `[${host}]` : host;
  const answer = await fetch(`http://${at}:${port}${path}`, {
    signal: AbortSignal.timeout(patienceMs),
    headers: api.token === undefined ? {} : { authorization: `Bearer ${api.token}` },
  });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.json();
}

function judge(
  subject: string,
  { faults, unknown }: NetworkReport,
  words: { right: string; advice: string },
): readonly Finding[] {
  const findings: Finding[] = [
    ...faults.map(({ message }) => ({ subject, seen: message, advice: words.advice })),
    ...unknown.map((part) => ({ subject, seen: `not looked at: ${part}`, hint: "It may be right or wrong." })),
  ];
  return findings.length === 0 ? [{ subject, seen: words.right }] : findings;
}

async function checkFilters(): Promise<Finding> {
  const subject = "network: filters";
  try {
    return judgeFilters(subject, await droppingChains());
  } catch {
    return { subject, seen: "not looked at: nft does not list them" };
  }
}

function judgeFilters(subject: string, chains: readonly DroppingChain[]): Finding {
  if (chains.length === 0) return { subject, seen: "none that drops what it does not know" };
  return {
    subject,
    seen: chains.map(({ table, chain }) => `table ${table}, chain ${chain}`).join("; "),
    hint:
      "It drops what it does not know, and no rule of the daemon's can overrule that. If instances cannot reach the network or their " +
      "ports do not answer, let the devices 've-*' pass there (firewalld: 'firewall-cmd --zone=trusted --add-interface=ve-<instance>').",
  };
}
