import { checkConfig, type PluginCommand } from "@dockersnap/contract/words";
import type { ConfigOptions } from "../config/declaration.ts";
import type { Context, ForwardedPort } from "../context.ts";
import type { PluginDefinition } from "../definition.ts";
import { createLogger } from "../logger.ts";
import { createContext } from "../run-context.ts";
import { FakeDocker } from "./fake-docker.ts";
import { FakePrograms } from "./fake-programs.ts";
import { exampleInput } from "./input.ts";

/** A context whose engine and programs are fakes, which the test can look into. */
export interface TestContext<O extends ConfigOptions> extends Context<O> {
  readonly docker: FakeDocker;
  readonly programs: FakePrograms;
  /** What was logged, parsed. */
  readonly logs: readonly LogLine[];
}

/** A line a handler logged. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly attrs?: Readonly<Record<string, unknown>>;
}

/** A port in short: its label is `container:<port>` and its host port 30000 above it, modulo the range, unless given. */
export type TestPort = Pick<ForwardedPort, "containerPort"> & Partial<ForwardedPort>;

/** Puts a context together; each call changes one thing about it. */
export class ContextBuilder<const O extends ConfigOptions> {
  readonly #plugin: PluginDefinition<O>;
  readonly #docker = new FakeDocker();
  readonly #programs = new FakePrograms();
  #command: PluginCommand = "access";
  #name = "demo";
  #config: Record<string, unknown> = {};
  #ports: readonly TestPort[] = [];
  #env: Record<string, string> = {};
  #host: string | undefined;
  #cloneOf = "";
  #signal: AbortSignal = new AbortController().signal;

  constructor(plugin: PluginDefinition<O>) {
    this.#plugin = plugin;
  }

  withInstanceName(name: string): this {
    this.#name = name;
    return this;
  }

  /** As a user gives it: checked, defaulted and filled in by the same rules. */
  withConfig(config: Readonly<Record<string, unknown>>): this {
    this.#config = { ...config };
    return this;
  }

  withPorts(...ports: readonly TestPort[]): this {
    this.#ports = ports;
    return this;
  }

  withProxyEnv(env: Readonly<Record<string, string>>): this {
    this.#env = { ...env };
    return this;
  }

  /** The host's address, in place of the token it is in an access result. */
  withHost(host: string): this {
    this.#host = host;
    return this;
  }

  withCloneOf(sourceAtLabel: string): this {
    this.#cloneOf = sourceAtLabel;
    return this;
  }

  withCommand(command: PluginCommand): this {
    this.#command = command;
    return this;
  }

  withSignal(signal: AbortSignal): this {
    this.#signal = signal;
    return this;
  }

  /** Images the engine has before the handler runs. Any other can be pulled. */
  withImages(...references: readonly string[]): this {
    for (const reference of references) this.#docker.images.add(reference);
    return this;
  }

  /** Throws where the configuration would be refused. */
  build(): TestContext<O> {
    const input = exampleInput(this.#name, { clone_of: this.#cloneOf });
    const { config, problems } = checkConfig(this.#plugin.configOptions, this.#config, { instanceName: this.#name });
    if (problems.length > 0) throw new Error(problems.map((problem) => problem.message).join(" "));
    const logs: LogLine[] = [];
    const ctx = createContext(
      this.#plugin.configOptions,
      this.#command,
      {
        ...input,
        env: this.#env,
        plugin_config: config,
        forwarded_ports: this.#ports.map(({ containerPort, ...port }) => ({
          label: port.label ?? `container:${containerPort}`,
          container_port: containerPort,
          host_port: port.hostPort ?? 30_000 + (containerPort % 30_000),
          protocol: port.protocol ?? "tcp",
        })),
      },
      config,
      {
        run: this.#programs.run,
        docker: () => this.#docker.client(),
        logger: createLogger(
          { plugin: this.#plugin.name, level: "DEBUG" },
          (line) => logs.push(JSON.parse(line)),
          () => new Date(0),
        ),
        signal: this.#signal,
        env: {},
      },
    );
    const instance = this.#host === undefined ? ctx.instance : { ...ctx.instance, host: this.#host };
    return { ...ctx, instance, docker: this.#docker, programs: this.#programs, logs };
  }
}

/** Begins a context for the handlers of `plugin`: an instance `demo`, the plugin's defaults, no ports. */
export function newContext<const O extends ConfigOptions>(plugin: PluginDefinition<O>): ContextBuilder<O> {
  return new ContextBuilder(plugin);
}
