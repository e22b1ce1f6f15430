import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const readyWithinMs = 30_000;

/** A dockerd in namespaces of its own, reached from the host over a veth; nothing of it is left after disposal. */
export class TestEngine implements AsyncDisposable {
  readonly socket: string;
  readonly netns: string;
  readonly hostAddress = "10.213.77.1";
  readonly address = "10.213.77.2";
  readonly #folder = mkdtempSync(join(tmpdir(), "echo-engine-"));
  readonly #device = `ve-echo${process.pid}`;
  readonly #cgroup: string;
  #process: ChildProcess | undefined;

  constructor() {
    this.netns = `echo-test-${process.pid}`;
    this.#cgroup = this.netns;
    this.socket = join(this.#folder, "docker.sock");
  }

  static async start(): Promise<TestEngine> {
    const engine = new TestEngine();
    try {
      engine.#connect();
      await engine.#startDockerd();
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  #connect(): void {
    execFileSync("ip", ["netns", "add", this.netns]);
    execFileSync("ip", ["link", "add", this.#device, "type", "veth", "peer", "name", "veth0", "netns", this.netns]);
    execFileSync("ip", ["address", "add", `${this.hostAddress}/30`, "dev", this.#device]);
    execFileSync("ip", ["link", "set", this.#device, "up"]);
    execFileSync("ip", ["-n", this.netns, "address", "add", `${this.address}/30`, "dev", "veth0"]);
    execFileSync("ip", ["-n", this.netns, "link", "set", "veth0", "up"]);
    execFileSync("ip", ["-n", this.netns, "link", "set", "lo", "up"]);
  }

  async #startDockerd(): Promise<void> {
    const folder = this.#folder;
    const namespaces = ["--mount", "--propagation", "slave", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const dockerd = [
      ...["dockerd", `--host=unix://${this.socket}`, `--data-root=${folder}/data`, `--exec-root=${folder}/exec`],
      ...[
        `--pidfile=${folder}/pid`,
        `--cgroup-parent=/${this.#cgroup}`,
        `--config-file=${folder}/daemon.json`,
        "--bip=172.31.77.1/24",
      ],
    ];
    writeFileSync(`${folder}/daemon.json`, "{}");
    const child = spawn("nsenter", [`--net=/run/netns/${this.netns}`, "unshare", ...namespaces, ...dockerd], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process = child;
    const said: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`dockerd ${why}: ${said.slice(-5).join("\n")}`));
      const deadline = setTimeout(() => fail("was not ready in time"), readyWithinMs);
      child.once("error", reject).once("exit", (code) => fail(`ended with ${code}`));
      createInterface({ input: child.stderr }).on("line", (line) => {
        said.push(line);
        if (!line.includes("API listen on")) return;
        clearTimeout(deadline);
        resolve();
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#process;
    if (child?.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      // The namespace's first process is reaped, and its parent ends, only when every other one in there is gone.
      const first = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
      if (first === "") child.kill("SIGKILL");
      else process.kill(Number(first), "SIGKILL");
      await ended;
    }
    if (existsSync(`/run/netns/${this.netns}`)) {
      // With its namespace alone the device would go too, but some time later.
      if (existsSync(`/sys/class/net/${this.#device}`)) execFileSync("ip", ["link", "delete", this.#device]);
      execFileSync("ip", ["netns", "delete", this.netns]);
    }
    for (const hierarchy of readdirSync("/sys/fs/cgroup"))
      removeCgroup(join("/sys/fs/cgroup", hierarchy, this.#cgroup));
    removeCgroup(join("/sys/fs/cgroup", this.#cgroup));
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Control groups go leaf first, and only once the kernel has let go of the last process in them. */
function removeCgroup(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroup(join(path, entry.name));
  }
  rmdirSync(path);
}
