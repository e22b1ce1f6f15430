import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type Client, createClient } from "@dockersnap/client";
import { identityOf } from "@dockersnap/daemon";
import { leftovers } from "./audit.ts";
import { destroyWorld } from "./destroy.ts";
import { untilInFolder } from "./folder-watch.ts";
import { claimRange } from "./range.ts";
import { repository } from "./repository.ts";

/** Where worlds live; the sweep before a run clears what an earlier, killed run left here. */
export const worldsRoot = "/var/tmp/dockersnap-tests";

/** A start adopts engines and ends what was left unfinished; none of that takes this long. */
const startDeadlineMs = 60_000;

export interface WorldOptions {
  /** Lines of YAML put over the world's own configuration, by section. */
  readonly config?: Record<string, unknown>;
  /** What to run instead of the built daemon: a program and the arguments before `serve`. */
  readonly daemon?: readonly string[];
  readonly environment?: Record<string, string>;
  /** Bytes of the pool; sparse. */
  readonly poolBytes?: number;
}

/**
 * A daemon of its own for one test file: own state, run and plugin folders, pool, port, address range and instance
 * names. Disposing it leaves nothing on the machine.
 */
export class World implements AsyncDisposable {
  readonly id = randomBytes(3).toString("hex");
  readonly dir = join(worldsRoot, this.id);
  runDir = `/run/dst-${this.id}`;
  stateDir = join(this.dir, "state");
  readonly pluginsDir = join(this.dir, "plugins");
  readonly configFile = join(this.dir, "config.yaml");
  readonly logFile = join(this.dir, "daemon.log");
  /** Where its instances' ports are forwarded from: an address of its own, so that worlds never meet at a port. */
  readonly address = loopbackOf(this.id);
  readonly #options: WorldOptions;
  readonly #range = claimRange();
  #daemon: ChildProcess | undefined;
  #port = 0;

  private constructor(options: WorldOptions) {
    this.#options = options;
  }

  /** A world with its daemon up. */
  static async start(options: WorldOptions = {}): Promise<World> {
    const world = await World.prepare(options);
    try {
      await world.startDaemon();
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A world whose daemon has not been started yet. */
  static async prepare(options: WorldOptions = {}): Promise<World> {
    const world = new World(options);
    world.#port = await freePort();
    mkdirSync(world.stateDir, { recursive: true });
    mkdirSync(world.pluginsDir, { recursive: true, mode: 0o755 });
    mkdirSync(world.runDir, { mode: 0o755 });
    // The sweep tells by this whether the world's owner still lives.
    writeFileSync(join(world.dir, "owner"), String(process.pid));
    world.installPlugin("echo", join(repository, "bin/plugins/echo"));
    world.writeConfig(options.config ?? {});
    return world;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The daemon's nftables table. */
  get table(): string {
    return identityOf({ state_dir: this.stateDir, run_dir: this.runDir }).table;
  }

  get client(): Client {
    return createClient({ baseUrl: this.url });
  }

  get daemonPid(): number {
    const pid = this.#daemon?.pid;
    if (pid === undefined) throw new Error("The world's daemon is not running.");
    return pid;
  }

  /** An instance name no other world uses: namespaces and devices of all worlds share one host. */
  name(word: string): string {
    return `t${this.id}-${word}`;
  }

  /** An instance's dataset, by the instance's whole name. */
  tree(name: string): string {
    return join(this.stateDir, "pool/instances", name);
  }

  writeConfig(change: Record<string, unknown>): void {
    const base: Record<string, unknown> = {
      state_dir: this.stateDir,
      run_dir: this.runDir,
      log_level: "debug",
      api: { listen: `127.0.0.1:${this.#port}`, proxy_bind: this.address },
      network: { base_offset: this.#range.baseOffset, subnet_size: 26, metallb_host_offset: "0.10" },
      // Nothing listens there, so a look-up in an instance fails at once and no packet leaves the machine.
      docker: { dns: ["127.0.0.1"] },
      btrfs: { size: String(this.#options.poolBytes ?? 4 * 1024 ** 3) },
      plugins: { dir: this.pluginsDir, health_poll_interval: "0" },
      verify: { watch: "3s" },
    };
    const merged = Object.fromEntries(
      [...new Set([...Object.keys(base), ...Object.keys(change)])].map((key) => [key, merge(base[key], change[key])]),
    );
    // JSON is YAML.
    writeFileSync(this.configFile, JSON.stringify(merged, null, 2), { mode: 0o600 });
  }

  /** From the next start on it has another run folder; its path is to bear the world's mark. */
  moveRunDir(path: string): void {
    this.runDir = path;
    this.writeConfig({});
  }

  /** Moves the state, of which nothing is in use, and has the next daemon look for it there. */
  moveState(path: string): void {
    renameSync(this.stateDir, path);
    this.stateDir = path;
    this.writeConfig({});
  }

  installPlugin(name: string, file: string): void {
    const folder = join(this.pluginsDir, name);
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    cpSync(file, join(folder, name));
  }

  /** Start the daemon and resolve when it answers; rejects with the end of its log if it ends first. */
  async startDaemon(environment: Record<string, string> = {}): Promise<void> {
    const [program = process.execPath, ...before] = this.#options.daemon ?? [
      process.execPath,
      join(repository, "dist/daemon/main.mjs"),
    ];
    // A killed daemon leaves its pid file; this one's tells when it listens.
    mkdirSync(this.runDir, { recursive: true, mode: 0o755 });
    rmSync(join(this.runDir, "_daemon.pid"), { force: true });
    const log = openSync(this.logFile, "a");
    const child = spawn(program, [...before, "serve", "--config", this.configFile], {
      stdio: ["ignore", log, log],
      env: { ...cleanEnvironment(), ...this.#options.environment, ...environment },
      detached: true,
    });
    closeSync(log);
    this.#daemon = child;
    const settled = new AbortController();
    const signal = AbortSignal.any([settled.signal, AbortSignal.timeout(startDeadlineMs)]);
    const ended = once(child, "exit", { signal }).then(([code, by]) => {
      throw new Error(`The daemon ended (${code ?? by}) before it was ready:\n${this.logTail()}`);
    });
    try {
      // The daemon writes it once it listens.
      const pidFile = join(this.runDir, "_daemon.pid");
      await Promise.race([ended, untilInFolder(this.runDir, () => existsSync(pidFile), signal)]);
    } finally {
      settled.abort();
      await ended.catch(() => undefined);
    }
  }

  /** SIGKILL, as a crash; resolves when the process is gone. Engines go on. */
  async killDaemon(): Promise<void> {
    await this.#endDaemon("SIGKILL");
  }

  /** SIGTERM, and wait for its clean end. Resolves with the exit code. */
  async stopDaemon(): Promise<number | null> {
    return this.#endDaemon("SIGTERM");
  }

  async restartDaemon(): Promise<void> {
    await this.stopDaemon();
    await this.startDaemon();
  }

  /** Resolves when the daemon has ended by itself, as when a fault killed it. */
  async daemonEnd(): Promise<void> {
    const child = this.#daemon;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) await once(child, "exit");
    this.#daemon = undefined;
  }

  logTail(lines = 40): string {
    if (!existsSync(this.logFile)) return "";
    return readFileSync(this.logFile, "utf8").split("\n").slice(-lines).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killDaemon();
    await destroyWorld(this.configFile, this.name(""));
    rmSync(this.dir, { recursive: true, force: true });
    this.#range.release();
    const left = leftovers(this.id);
    if (left.length > 0) throw new Error(`The world ${this.id} left behind:\n${left.join("\n")}`);
  }

  /**
   * Delete every instance as a person would and stop the daemon, then dispose. Rejects when any of that leaves
   * something of an instance on the machine.
   */
  async end(): Promise<void> {
    try {
      if (this.#daemon !== undefined) await this.#deleteAll();
    } finally {
      await this[Symbol.asyncDispose]();
    }
  }

  async #deleteAll(): Promise<void> {
    const instances = await this.client.instances.list();
    await Promise.all(instances.map(({ name }) => this.client.instances.delete(name)));
    await this.stopDaemon();
    const left = leftovers(this.name(""));
    if (left.length > 0) throw new Error(`Deleted instances left behind:\n${left.join("\n")}`);
  }

  async #endDaemon(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#daemon;
    this.#daemon = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
    return child.exitCode;
  }
}

/** The environment of a test's own programs: without what the operator of this machine set for another daemon. */
export function cleanEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && !/^(DOCKERSNAP_|DOCKER_|NODE_|VITEST|TEST$)/.test(entry[0]),
    ),
  );
}

function loopbackOf(id: string): string {
  const [first = 0, second = 0, third = 0] = Buffer.from(id, "hex");
  return `127.${64 + (first % 128)}.${second}.${1 + (third % 254)}`;
}

function merge(base: unknown, change: unknown): unknown {
  if (change === undefined) return base;
  const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject(base) && isObject(change) ? { ...(base as object), ...(change as object) } : change;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("No port was given.");
  return address.port;
}
