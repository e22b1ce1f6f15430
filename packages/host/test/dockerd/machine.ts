import { randomBytes, randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineHost, EngineSpec } from "@dockersnap/core";
import { EngineCgroup, readHierarchies } from "../../src/dockerd/cgroups/index.ts";
import { findDockerd } from "../../src/dockerd/dockerd.ts";
import { createEngineHost, type EngineHostOptions } from "../../src/dockerd/engine-host.ts";
import { runtimeFiles } from "../../src/dockerd/runtime-files.ts";
import { identify, killProcess, type ProcessIdentity } from "../../src/process/identity.ts";
import { run } from "../../src/process/run.ts";

export const never = new AbortController().signal;

const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

/** An engine host over a btrfs pool and network namespaces of its own. Disposing of it fails if anything is left. */
export class Machine implements AsyncDisposable {
  readonly dir: string;
  readonly mark: string;
  readonly runDir: string;
  readonly #options: Partial<EngineHostOptions>;
  readonly #hosts: EngineHost[] = [];
  readonly #namespaces: string[] = [];
  #device = "";
  readonly engines: EngineHost;

  private constructor(dir: string, options: Partial<EngineHostOptions>) {
    this.dir = dir;
    this.mark = `dst${randomBytes(3).toString("hex")}`;
    this.runDir = join(dir, "run");
    this.#options = options;
    this.engines = this.nextDaemon();
  }

  static async start(options: Partial<EngineHostOptions> = {}): Promise<Machine> {
    const machine = new Machine(await mkdtemp(join(tmpdir(), "dst-")), options);
    await machine.#makePool();
    return machine;
  }

  nextDaemon(change: Partial<EngineHostOptions> = {}): EngineHost {
    const host = createEngineHost({
      runDir: this.runDir,
      cgroupPrefix: `${this.mark}-`,
      log: silent,
      ...this.#options,
      ...change,
    });
    this.#hosts.push(host);
    return host;
  }

  async prepare(name: string, more: Partial<EngineSpec> = {}): Promise<EngineSpec> {
    const dataRoot = join(this.dir, "pool", name);
    const netnsPath = join(this.dir, `ns-${name}`);
    if (!existsSync(dataRoot)) await run("btrfs", ["subvolume", "create", dataRoot]);
    if (!existsSync(netnsPath)) {
      await writeFile(netnsPath, "");
      await run("unshare", [`--net=${netnsPath}`, "ip", "link", "set", "lo", "up"]);
      this.#namespaces.push(netnsPath);
    }
    const chosenPorts = { first: 32_768, last: 33_279 };
    const addresses = { hostAddress: "10.10.0.1", subnet: "10.10.0.0/16" };
    const made = { name, id: randomUUID(), dataRoot, netnsPath, resolvConf: undefined, limits: undefined, options: {} };
    return { ...made, ...addresses, chosenPorts, ...more };
  }

  /** The sandbox's init, as operators find it. */
  init(name: string): ProcessIdentity {
    const init = identify(Number(readFileSync(this.engines.pidFile(name), "utf8")));
    if (init === undefined) throw new Error(`The sandbox of ${name} does not live.`);
    return init;
  }

  /** The engine's dockerd, by the host's pid. */
  dockerd(name: string, launchedAs = name): ProcessIdentity {
    const group = new EngineCgroup(readHierarchies(), `/${this.mark}-${launchedAs}`);
    const dockerd = findDockerd({ files: runtimeFiles(this.runDir, name), group });
    if (dockerd === undefined) throw new Error(`The dockerd of ${name} does not live.`);
    return dockerd;
  }

  /** dockerd's own containerd, by the host's pid. */
  containerd(name: string): ProcessIdentity {
    const { pid } = this.dockerd(name);
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number),
    );
    const found = children.find((child) => readFileSync(`/proc/${child}/comm`, "utf8").trim() === "containerd");
    const identity = found === undefined ? undefined : identify(found);
    if (identity === undefined) throw new Error(`The dockerd of ${name} has no containerd.`);
    return identity;
  }

  /** How many clients are connected to the engine, taken by it or not. */
  async connectionsTo(name: string): Promise<number> {
    // The engine's end of a connection is listed in the network namespace of the client, which is this one.
    const sockets = await readFile("/proc/net/unix", "utf8");
    return sockets.split("\n").filter((line) => line.endsWith(this.engines.socketPath(name))).length;
  }

  async crash(name: string): Promise<void> {
    killProcess(this.init(name), "SIGKILL");
  }

  async docker(name: string, ...args: string[]): Promise<string> {
    const { stdout } = await run("docker", ["--host", `unix://${this.engines.socketPath(name)}`, ...args]);
    return stdout.trim();
  }

  /** Make the image `box` of the host's static busybox. */
  async importImage(name: string): Promise<void> {
    const root = join(this.dir, "image");
    await mkdir(join(root, "bin"), { recursive: true });
    await copyFile("/usr/bin/busybox", join(root, "bin/busybox"));
    for (const applet of ["sh", "sleep", "cat"]) await symlink("busybox", join(root, "bin", applet));
    const archive = join(this.dir, "image.tar");
    await run("tar", ["-C", root, "-cf", archive, "."]);
    await rm(root, { recursive: true });
    await this.docker(name, "import", archive, "box");
  }

  /** A file of the engine's control group, in the hierarchy of this controller. */
  groupFile(name: string, controller: string, file: string): string {
    const { legacy, unified } = readHierarchies();
    const root = legacy.find(({ controllers }) => controllers.includes(controller))?.mountPoint ?? unified ?? "";
    return join(root, `${this.mark}-${name}`, file);
  }

  /** The first process of a container, by the host's pid. */
  async containerProcess(name: string, id: string): Promise<ProcessIdentity> {
    const pids = await readFile(this.groupFile(name, "freezer", `containers/${id}/cgroup.procs`), "utf8");
    const first = identify(Number(pids.split("\n")[0]));
    if (first === undefined) throw new Error(`Container ${id} has no process.`);
    return first;
  }

  /** Everything on the machine that bears this one's marks, its pool and namespaces aside. */
  leftovers(): string[] {
    const { legacy, unified } = readHierarchies();
    const roots = [...legacy.map(({ mountPoint }) => mountPoint), ...(unified === undefined ? [] : [unified])];
    const groups = roots.flatMap((root) => [
      ...groupsIn(root),
      // Where systemd keeps the units.
      ...groupsIn(join(root, "dockersnap.slice")),
    ]);
    const files = existsSync(this.runDir) ? readdirSync(this.runDir) : [];
    const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
    const own = [join(this.dir, "pool"), ...this.#namespaces];
    return [
      ...groups.filter((group) => group.includes(this.mark)),
      ...files.map((file) => join(this.runDir, file)),
      ...mounts.filter((line) => line.includes(this.dir) && !own.includes(line.split(" ")[1] ?? "")),
      ...readdirSync("/proc").flatMap((pid) => this.#processWords(pid)),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const host of this.#hosts) await host.close();
    for (const name of await this.engines.list()) await this.engines.kill(name);
    const left = this.leftovers();
    for (const namespace of this.#namespaces) await run("umount", [namespace]);
    await run("umount", [join(this.dir, "pool")]);
    await run("losetup", ["--detach", this.#device]);
    await rm(this.dir, { recursive: true });
    if (left.length > 0) throw new Error(`Left on the machine:\n${left.join("\n")}`);
  }

  async #makePool(): Promise<void> {
    const image = join(this.dir, "pool.img");
    const pool = join(this.dir, "pool");
    await mkdir(pool);
    await writeFile(image, "");
    await truncate(image, 2 ** 31);
    await run("mkfs.btrfs", ["--quiet", image]);
    const { stdout } = await run("losetup", ["--find", "--show", "--direct-io=on", image]);
    this.#device = stdout.trim();
    await run("mount", [this.#device, pool]);
  }

  #processWords(pid: string): string[] {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      const words = [
        readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "),
        readFileSync(`/proc/${pid}/cgroup`, "utf8"),
        readlinkSync(`/proc/${pid}/cwd`),
      ];
      return words.some((word) => word.includes(this.dir) || word.includes(this.mark)) ? [`process ${words[0]}`] : [];
    } catch {
      // It ended while it was looked at.
      return [];
    }
  }
}

function groupsIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((group) => join(folder, group)) : [];
}
