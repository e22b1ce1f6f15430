import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdirSync, readlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { Forward, HeldPort, Network, NetworkPart, NetworkReport, NetworkSpec } from "@dockersnap/core";
import { createNetwork } from "../../src/netns/network.ts";
import { run } from "../../src/process/run.ts";
import { etcNetnsDir } from "./specs.ts";

/**
 * The daemon's stand-in on a private host: a process with a network and a mount namespace to itself that has a `Network`
 * of its own and does with it what its parent asks over the IPC channel.
 */
export interface AgentOptions {
  readonly proxyBind: string;
  readonly dns: readonly string[];
  readonly vethPrefix?: string;
  readonly api?: { readonly host: string; readonly port: number };
}

export interface Agent {
  /** Begin as a daemon that was just started: nothing is remembered. */
  start(options: AgentOptions): Promise<void>;
  open(): Promise<void>;
  create(spec: NetworkSpec): Promise<void>;
  renew(spec: NetworkSpec): Promise<void>;
  rename(from: string, spec: NetworkSpec): Promise<void>;
  remove(name: string): Promise<void>;
  setForwards(spec: NetworkSpec, forwards: readonly Forward[]): Promise<void>;
  hostPortTaken(port: number, protocol: "tcp" | "udp"): Promise<boolean>;
  hold(instance: string, port: HeldPort): Promise<boolean>;
  keep(): Promise<void>;
  restored(): Promise<readonly NetworkPart[]>;
  report(): Promise<NetworkReport>;
  inspect(specs: readonly NetworkSpec[]): Promise<NetworkReport>;
  close(): Promise<void>;
  list(): Promise<readonly string[]>;
  listen(port: number, protocol: "tcp" | "udp"): Promise<void>;
  warnings(): Promise<readonly string[]>;
}

let network: Network | undefined;
const warned: string[] = [];
const restored: NetworkPart[] = [];

const log = {
  debug() {},
  info() {},
  warn: (message: string) => void warned.push(message),
  error: (message: string) => void warned.push(message),
  child: () => log,
};

function started(): Network {
  if (network === undefined) throw new Error("The agent was not started.");
  return network;
}

const agent: Agent = {
  async start(options) {
    // A daemon that ends gives up what it held.
    await network?.close();
    network = createNetwork({ ...options, table: "dockersnap_test", etcNetnsDir, log });
  },
  open: () => started().open(),
  create: (spec) => started().create(spec),
  renew: (spec) => started().renew(spec),
  rename: (from, spec) => started().rename(from, spec),
  remove: (name) => started().remove(name),
  setForwards: (spec, forwards) => started().setForwards(spec, forwards),
  hostPortTaken: (port, protocol) => started().hostPortTaken(port, protocol),
  hold: (instance, port) => started().hold(instance, port),
  keep: async () => started().keep((what) => restored.push(what)),
  restored: async () => restored,
  report: () => started().report(),
  inspect: (specs) => started().inspect(specs),
  close: () => started().close(),
  list: () => started().list(),
  async listen(port, protocol) {
    const socket =
      protocol === "tcp" ? createServer().listen(port, "127.0.0.1") : createSocket("udp4").bind(port, "127.0.0.1");
    await once(socket, "listening");
  },
  warnings: async () => warned,
};

/** What follows is done to whatever host this process is on, so it has to be one of its own. */
function refuseSharedHost(): void {
  for (const namespace of ["net", "mnt"]) {
    const [own, parents] = ["self", process.ppid].map((process) => readlinkSync(`/proc/${process}/ns/${namespace}`));
    if (own === parents) throw new Error(`The agent shares its ${namespace} namespace with its parent.`);
  }
}

async function prepareHost(): Promise<void> {
  // Named namespaces, the lock of iptables and our own files go with this tmpfs when the process ends.
  await run("mount", ["-t", "tmpfs", "tmpfs", "/run"]);
  mkdirSync("/run/netns");
  writeFileSync("/run/resolv.conf", "nameserver 192.0.2.53\n");
  await run("mount", ["--bind", "/run/resolv.conf", "/etc/resolv.conf"]);
  await run("ip", ["link", "set", "lo", "up"]);
}

refuseSharedHost();
await prepareHost();
const send = (message: unknown) => process.send?.(message);
process.on("disconnect", () => process.exit(0));
process.on("message", async ({ id, method, args }: { id: number; method: keyof Agent; args: never[] }) => {
  try {
    const call = agent[method] as (...args: never[]) => Promise<unknown>;
    send({ id, value: await call(...args) });
  } catch (error) {
    const { code, message, details } = error as Error & { code?: string; details?: Record<string, unknown> };
    send({ id, error: { code: code ?? "internal", message, details } });
  }
});
send({ ready: true });
