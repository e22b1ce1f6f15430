import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { DockersnapError, isErrorCode, type Limits } from "@dockersnap/contract/words";
import type {
  BridgeNetwork,
  ContainerSummary,
  ContainerVitals,
  EngineHost,
  EngineObserver,
  EngineSpec,
  EngineState,
  EngineUse,
} from "@dockersnap/core";
import type { EngineSubject } from "@dockersnap/core/testing";
import { refusedOptions } from "../../src/dockerd/engine-options.ts";
import type { Call, HostCall, MachineCall, Message } from "./agent.ts";
import { type Layout, PrivateRoot } from "./private-root.ts";
import { startSystemd } from "./systemd-root.ts";

const agentFile = fileURLToPath(new URL("./agent.ts", import.meta.url));

type Unnumbered = Call extends infer C ? (C extends Call ? Omit<C, "id"> : never) : never;

/** Engines on a machine with these control group hierarchies, with systemd or without, whatever this one has. */
export async function privateMachine(layout: Layout, supervision: "direct" | "systemd"): Promise<EngineSubject> {
  const root =
    supervision === "systemd"
      ? await startSystemd(layout)
      : await PrivateRoot.start(layout, () => ["docker-init", "--", "sh", "-c", "echo up; exec sleep infinity"]);
  const [program = "", ...args] = root.inside([process.execPath, agentFile]);
  const agent = spawn(program, args, {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    // Sockets have short paths only, and the root's own folder is the one that can be written to.
    env: { ...process.env, TMPDIR: root.dir },
  });
  const link = new Link(agent);
  const { engines, number } = await openHost(link, { method: "open", supervision }).catch(async (error: unknown) => {
    agent.kill("SIGKILL");
    await root[Symbol.asyncDispose]();
    throw error;
  });
  return {
    engines,
    nextDaemon: () => new RemoteEngines(link, number + 1, link.machine({ method: "nextDaemon" })),
    prepare: (name) => link.machine({ method: "prepare", name }) as Promise<EngineSpec>,
    crash: async (name) => {
      await link.machine({ method: "crash", name });
    },
    async [Symbol.asyncDispose]() {
      try {
        await link.machine({ method: "dispose" });
      } finally {
        const exited = once(agent, "exit");
        agent.disconnect();
        await exited;
        await root[Symbol.asyncDispose]();
      }
    },
  };
}

async function openHost(link: Link, call: MachineCall) {
  const number = (await link.machine(call)) as number;
  return { number, engines: new RemoteEngines(link, number, Promise.resolve()) };
}

class Link {
  readonly observers = new Map<number, EngineObserver>();
  readonly #agent: ChildProcess;
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;

  constructor(agent: ChildProcess) {
    this.#agent = agent;
    agent.on("message", (message) => this.#take(message as Message));
    agent.on("exit", () => {
      for (const call of this.#calls.values()) call.reject(new Error("The agent ended."));
    });
  }

  machine(call: MachineCall): Promise<unknown> {
    return this.#send({ call });
  }

  host(host: number, call: HostCall): Promise<unknown> {
    return this.#send({ host, call });
  }

  #send(call: Unnumbered): Promise<unknown> {
    this.#last += 1;
    const waiting = Promise.withResolvers<unknown>();
    this.#calls.set(this.#last, waiting);
    this.#agent.send({ ...call, id: this.#last });
    return waiting.promise;
  }

  #take(message: Message): void {
    if ("changed" in message) this.observers.get(message.host)?.changed(message.changed);
    else if ("gone" in message) this.observers.get(message.host)?.gone(message.gone, message.reason);
    else {
      const call = this.#calls.get(message.id);
      this.#calls.delete(message.id);
      if ("error" in message) call?.reject(revive(message.error));
      else call?.resolve(message.value);
    }
  }
}

function revive({ code, message }: { readonly code?: string; readonly message: string }): Error {
  return isErrorCode(code) ? new DockersnapError(code, message) : new Error(message);
}

class RemoteEngines implements EngineHost {
  readonly #link: Link;
  readonly #number: number;
  readonly #ready: Promise<unknown>;

  constructor(link: Link, number: number, ready: Promise<unknown>) {
    this.#link = link;
    this.#number = number;
    this.#ready = ready;
  }

  socketPath = (name: string) => `${name}.sock`;
  pidFile = (name: string) => `${name}.pid`;

  start(spec: EngineSpec, { aborted }: AbortSignal) {
    return this.#call<void>({ method: "start", spec, aborted });
  }

  stop(name: string) {
    return this.#call<void>({ method: "stop", name });
  }

  kill(name: string) {
    return this.#call<void>({ method: "kill", name });
  }

  detach(name: string) {
    return this.#call<void>({ method: "detach", name });
  }

  state(name: string) {
    return this.#call<EngineState>({ method: "state", name });
  }

  freeze(name: string) {
    return this.#call<void>({ method: "freeze", name });
  }

  // Pure as well.
  isOwn = () => false;

  thaw(name: string) {
    return this.#call<void>({ method: "thaw", name });
  }

  suspend(name: string) {
    return this.#call<void>({ method: "suspend", name });
  }

  resume(name: string) {
    return this.#call<void>({ method: "resume", name });
  }

  rename(from: string, spec: EngineSpec) {
    return this.#call<void>({ method: "rename", from, spec });
  }

  readonly processors = availableParallelism();

  refusedOptions = refusedOptions;

  // Pure, and asked of the machine that does the work by `limit`.
  canLimit = () => ({ usable: true }) as const;

  limit(name: string, limits: Limits) {
    return this.#call<void>({ method: "limit", name, limits });
  }

  use(name: string) {
    return this.#call<EngineUse | undefined>({ method: "use", name });
  }

  api(name: string) {
    return {
      ping: (signal: AbortSignal) =>
        Promise.race([
          this.#call<void>({ method: "ping", name }),
          once(signal, "abort").then(() => signal.throwIfAborted()),
        ]),
      containers: () => this.#call<readonly ContainerSummary[]>({ method: "containers", name }),
      bridgeNetworks: () => this.#call<readonly BridgeNetwork[]>({ method: "bridgeNetworks", name }),
      tmpfs: (id: string) => this.#call<readonly string[]>({ method: "tmpfs", name, id }),
      vitals: (id: string) => this.#call<ContainerVitals | undefined>({ method: "vitals", name, id }),
      startContainer: (id: string) => this.#call<void>({ method: "startContainer", name, id }),
      pauseContainer: (id: string) => this.#call<void>({ method: "pauseContainer", name, id }),
      setRestartPolicy: (id: string, policy: string, retries: number) =>
        this.#call<void>({ method: "setRestartPolicy", name, id, policy, retries }),
      stopContainer: (id: string) => this.#call<void>({ method: "stopContainer", name, id }),
    };
  }

  adopt(spec: EngineSpec) {
    return this.#call<boolean>({ method: "adopt", spec });
  }

  observe(observer: EngineObserver) {
    this.#link.observers.set(this.#number, observer);
  }

  list() {
    return this.#call<readonly string[]>({ method: "list" });
  }

  close() {
    return this.#call<void>({ method: "close" });
  }

  async #call<T>(call: HostCall): Promise<T> {
    await this.#ready;
    return (await this.#link.host(this.#number, call)) as T;
  }
}
