import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { DockersnapError, type ErrorCode } from "@dockersnap/contract/words";
import type { Network, NetworkPart } from "@dockersnap/core";
import { createNetwork } from "../../src/netns/network.ts";
import { run } from "../../src/process/run.ts";
import type { Agent, AgentOptions } from "./agent.ts";
import { etcNetnsDir } from "./specs.ts";

const agentFile = fileURLToPath(new URL("./agent.ts", import.meta.url));
const endpointFile = fileURLToPath(new URL("./endpoint.ts", import.meta.url));

const ownNamespaces = ["unshare", "--net", "--mount", "--propagation", "private", "--"];

const defaults: AgentOptions = { proxyBind: "0.0.0.0", dns: [] };

type ServedProtocol = "tcp" | "udp" | "bytes" | "stream" | "whole";

/** Where something runs: in the private host itself, or in a named namespace on it. */
interface Place {
  readonly inside?: string;
}

/**
 * A host of a test's own: network devices, nftables, iptables, sysctls and /run are private to it and go with it, so
 * that nothing a test does can reach the machine or be left on it.
 */
export class PrivateHost implements AsyncDisposable {
  readonly #agent: ChildProcess;
  readonly #children = new Set<ChildProcess>();
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>();
  #lastCall = 0;

  constructor(agent: ChildProcess) {
    this.#agent = agent;
    agent.on("message", (message) => this.#settle(message as Reply));
    agent.on("exit", () => {
      for (const call of this.#calls.values()) call.reject(new Error("The agent of the private host ended."));
    });
  }

  /** A host with an open network and no instance; `open: false` leaves the opening to the test. */
  static async start(options: Partial<AgentOptions> & { open?: boolean } = {}): Promise<PrivateHost> {
    const [program = "", ...args] = [...ownNamespaces, process.execPath, agentFile];
    const agent = spawn(program, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    await once(agent, "message");
    const host = new PrivateHost(agent);
    await host.restart(options);
    if (options.open !== false) await host.network.open();
    return host;
  }

  /** What a newly started daemon has of the network. */
  async restart(options: Partial<AgentOptions> = {}): Promise<void> {
    await this.#call("start", { ...defaults, ...options });
  }

  get network(): Network {
    const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
    const paths = createNetwork({ ...defaults, etcNetnsDir, log });
    return {
      open: () => this.#call("open"),
      netnsPath: (name) => paths.netnsPath(name),
      resolvConf: (name) => paths.resolvConf(name),
      create: (spec) => this.#call("create", spec),
      renew: (spec) => this.#call("renew", spec),
      rename: (from, spec) => this.#call("rename", from, spec),
      remove: (name) => this.#call("remove", name),
      setForwards: (spec, forwards) => this.#call("setForwards", spec, forwards),
      hostPortTaken: (port, protocol) => this.#call("hostPortTaken", port, protocol),
      hold: (instance, port) => this.#call("hold", instance, port),
      keep: () => void this.#call("keep"),
      report: () => this.#call("report"),
      inspect: (specs) => this.#call("inspect", specs),
      close: () => this.#call("close"),
      list: () => this.#call("list"),
    };
  }

  listen(port: number, protocol: "tcp" | "udp"): Promise<void> {
    return this.#call("listen", port, protocol);
  }

  /** What was put right, in order, since the network was told to keep itself. */
  restored(): Promise<readonly NetworkPart[]> {
    return this.#call("restored");
  }

  /** Processes the agent has started and that are there. */
  async children(): Promise<readonly string[]> {
    const listed = await this.run(["ps", "-o", "pid=,args=", "--ppid", String(this.#agent.pid)]);
    return listed.split("\n").map((line) => line.trim());
  }

  warnings(): Promise<readonly string[]> {
    return this.#call("warnings");
  }

  /** Run a program and have what it prints. */
  async run(command: readonly string[], { inside, input }: Place & { input?: string } = {}): Promise<string> {
    const [program = "", ...args] = this.#enter(command, inside);
    return (await run(program, args, input === undefined ? {} : { input })).stdout;
  }

  /** A server that answers each line with `label`, the client's address and the line; it is up when this resolves. */
  async serve(label: string, protocol: ServedProtocol, address: string, port: number, place: Place = {}) {
    const child = this.#endpoint(["serve", protocol, address, String(port), label], place);
    await child.line();
  }

  /** A conversation that goes on for as long as the test wants. */
  talk(protocol: "tcp" | "udp" | "bytes", address: string, port: number, place: Place = {}): Conversation {
    return this.#endpoint([protocol === "bytes" ? "take" : "ask", protocol, address, String(port)], place);
  }

  /** One question and its answer, or "nothing" if there is none within the time. */
  async ask(protocol: "tcp" | "udp", address: string, port: number, place: Place & { waitMs?: number } = {}) {
    const talk = this.talk(protocol, address, port, place);
    talk.say("hello");
    return talk.line(place.waitMs);
  }

  /** Of so many connections at once, each with a megabyte there and back, how many brought it back. */
  async megabytes(address: string, port: number, connections: number): Promise<number> {
    return Number(
      await this.#endpoint(["send", "megabytes", address, String(port), String(connections)], {}).line(60_000),
    );
  }

  /** `free` where a program of the host could listen there now, or else its error. */
  async tryToListen(address: string, port: number): Promise<string> {
    return this.#endpoint(["try", "tcp", address, String(port)], {}).line();
  }

  /** Another machine on a network with this host: a namespace named `name`, with the host as its way to everywhere. */
  async addNeighbour(name: string, hostAddress: string, address: string): Promise<void> {
    await this.run(["ip", "-batch", "-"], {
      input: [
        `netns add ${name}`,
        `link add ${name} type veth peer name eth0 netns ${name}`,
        `address add ${hostAddress}/24 dev ${name}`,
        `link set ${name} up\n`,
      ].join("\n"),
    });
    await this.run(["ip", "-batch", "-"], {
      inside: name,
      input: `address add ${address}/24 dev eth0\nlink set eth0 up\nlink set lo up\nroute add default via ${hostAddress}\n`,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const children = [...this.#children, this.#agent].filter(
      (child) => child.exitCode === null && child.signalCode === null,
    );
    const ends = children.map((child) => once(child, "exit"));
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(ends);
  }

  #endpoint(args: readonly string[], { inside }: Place): Conversation {
    const [program = "", ...rest] = this.#enter([process.execPath, endpointFile, ...args], inside);
    const child = spawn(program, rest, { stdio: ["pipe", "pipe", "inherit"] });
    this.#children.add(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stdin.on("error", () => undefined);
    return {
      say: (text) => void child.stdin.write(`${text}\n`),
      async line(waitMs = 5_000) {
        const timer = Promise.withResolvers<string>();
        const timeout = setTimeout(() => timer.resolve("nothing"), waitMs);
        const line = lines.next().then(({ value, done }) => (done ? "nothing" : String(value)));
        return Promise.race([line, timer.promise]).finally(() => clearTimeout(timeout));
      },
    };
  }

  #enter(command: readonly string[], inside: string | undefined): readonly string[] {
    const host = ["nsenter", "-t", String(this.#agent.pid), "--net", "--mount", "--"];
    return inside === undefined
      ? [...host, ...command]
      : [...host, "nsenter", `--net=/run/netns/${inside}`, "--", ...command];
  }

  async #call<Method extends keyof Agent>(
    method: Method,
    ...args: Parameters<Agent[Method]>
  ): Promise<Awaited<ReturnType<Agent[Method]>>> {
    this.#lastCall += 1;
    const call = Promise.withResolvers<unknown>();
    this.#calls.set(this.#lastCall, call);
    this.#agent.send({ id: this.#lastCall, method, args });
    return (await call.promise) as Awaited<ReturnType<Agent[Method]>>;
  }

  #settle({ id, value, error }: Reply): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error === undefined) call?.resolve(value);
    else call?.reject(new DockersnapError(error.code, error.message, { details: error.details ?? {} }));
  }
}

export interface Conversation {
  say(text: string): void;
  /** The next line, or "nothing" if none comes within the time. Default: 5000 ms. */
  line(waitMs?: number): Promise<string>;
}

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { code: ErrorCode; message: string; details?: Record<string, unknown> };
}
