import { existsSync } from "node:fs";
import { join } from "node:path";
import { DaemonHealth } from "@dockersnap/contract";
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
  const [own, told, filters] = await Promise.all([
    checkOwn(config, adapters, daemonRuns),
    daemonRuns ? checkDaemonsView(config) : [],
    checkFilters(),
  ]);
  return [...own, ...told, filters];
}

/** Compares with what the records say, so that it does not depend on a daemon that may be at fault itself. */
async function checkOwn(
  config: Config,
  { network, engines }: Adapters,
  daemonRuns: boolean,
): Promise<readonly Finding[]> {
  const subject = "network: set-up";
  const specs = await runningNetworks(config, engines);
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

/** What only the daemon knows: which ports it forwards, and which of them it holds. */
async function checkDaemonsView(config: Config): Promise<readonly Finding[]> {
  const subject = "network: ports";
  try {
    const { network } = await askDaemon(config);
    if (network === undefined)
      return [{ subject, seen: "not told by this daemon", hint: "Restart it: it is an older one." }];
    const report = {
      faults: network.problems.map((message) => ({ what: "port" as const, message })),
      unknown: [],
    };
    return judge(subject, report, {
      right: "every forwarded port leads to its instance and is held for it",
      advice: "'dockersnap ports <instance>' shows what is concerned; the daemon's log says more.",
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [
      { subject, seen: `not looked at: the daemon does not tell (${reason})`, hint: "Look at the daemon's log." },
    ];
  }
}

async function askDaemon({ api }: Config): Promise<DaemonHealth> {
  const { host, port } = api.listen;
  const at = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "[::1]" : host.includes(":") ? `[${host}]` : host;
  const answer = await fetch(`http://${at}:${port}/api/v1/health`, {
    signal: AbortSignal.timeout(patienceMs),
    headers: api.token === undefined ? {} : { authorization: `Bearer ${api.token}` },
  });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return DaemonHealth.parse(await answer.json());
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
