import {
  type Access,
  checkConfig,
  DockersnapError,
  type Hook,
  type PluginCommand,
  type PluginInput,
  type PortMapping,
  type ProgressEvent,
  type WorkloadDescription,
  type WorkloadRequest,
} from "@dockersnap/contract/words";
import type { Specs } from "../instance/specs.ts";
import { clientHost } from "../network/client-host.ts";
import type { StepTools } from "../operation/kind.ts";
import type { Platform } from "../platform.ts";
import type { InstanceRecord, WorkloadRecord } from "../records/records.ts";
import { pluginInput } from "./input.ts";
import type { CommandAhead, HealthAnswer, StreamingCommand } from "./plugins.ts";
import { resolveAccess } from "./tokens.ts";

interface Deps {
  readonly platform: Platform;
  readonly specs: Specs;
  /** Forwarded ports as last seen. */
  readonly ports: (instance: string) => readonly PortMapping[];
  /** The instance is gone, so is what was remembered of its health. */
  readonly forgetHealth: (instance: string) => void;
}

/** What plugins do on top of instances: every call of a plugin goes through here. */
export class Workloads {
  readonly #deps: Deps;
  /** Processes that wait to deploy, by instance. */
  readonly #ahead = new Map<string, CommandAhead>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * The workload a create asks for, its configuration merged, templated and checked. `not_found` for an unknown plugin,
   * `invalid_request` with every problem of the configuration at once.
   */
  request(instance: string, asked: WorkloadRequest | undefined): WorkloadRecord | undefined {
    if (asked === undefined) return undefined;
    const { plugins, fileExists } = this.#deps.platform;
    const plugin = plugins.ready(asked.plugin);
    const { config, problems } = checkConfig(plugin.schema.config_options, asked.config, {
      instanceName: instance,
      fileExists,
    });
    if (problems.length > 0) {
      throw new DockersnapError(
        "invalid_request",
        `The configuration for plugin '${asked.plugin}' has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}: ${problems.map((problem) => problem.message).join(" ")}`,
        { details: { problems } },
      );
    }
    return { plugin: asked.plugin, config, contractVersion: plugin.contractVersion };
  }

  /** The plugin's warnings; `plugin_refused` with its errors where it says no. */
  async validate(record: InstanceRecord, signal: AbortSignal): Promise<readonly string[]> {
    const workload = requireWorkload(record);
    const input = this.#input(record, workload, "validate", []);
    const { valid, errors, warnings } = await this.#deps.platform.plugins.ask(workload.plugin, "validate", input, {
      signal,
    });
    if (valid) return warnings ?? [];
    const reasons = errors ?? [];
    throw new DockersnapError(
      "plugin_refused",
      reasons.length === 0
        ? `Plugin '${workload.plugin}' refused the configuration without saying why.`
        : `Plugin '${workload.plugin}' refused the configuration: ${reasons.join("; ")}`,
      { details: { plugin: workload.plugin, errors: reasons } },
    );
  }

  /**
   * Have the process that is to deploy start already, where its plugin lets it wait. `dropDeploy` follows in any case, and
   * ends it unless `deploy` has come first.
   */
  prepareDeploy(record: InstanceRecord): void {
    const ahead = this.#deps.platform.plugins.startAhead(requireWorkload(record).plugin, "deploy", record.name);
    if (ahead !== undefined) this.#ahead.set(record.name, ahead);
  }

  async dropDeploy(instance: string): Promise<void> {
    await this.#takeAhead(instance)?.drop();
  }

  async deploy(record: InstanceRecord, tools: StepTools): Promise<void> {
    const ahead = this.#takeAhead(record.name);
    if (ahead === undefined) return this.#stream(record, "deploy", tools);
    const input = this.#input(record, requireWorkload(record), "deploy", []);
    await ahead.stream(input, reporting(record.name, tools), { signal: tools.signal });
  }

  #takeAhead(instance: string): CommandAhead | undefined {
    const ahead = this.#ahead.get(instance);
    this.#ahead.delete(instance);
    return ahead;
  }

  /** A plugin that cannot clean up is told of, in the progress and the log; what goes on is not held up by it. */
  teardown(record: InstanceRecord, tools: StepTools): Promise<void> {
    return this.#tolerantly(record, "teardown", tools);
  }

  /** Whether the instance's plugin lists this hook. One that is not there or disabled is never called. */
  hasHook(record: InstanceRecord, hook: Hook): boolean {
    const name = record.workload?.plugin;
    if (name === undefined || this.#isReady(name) === false) return false;
    return this.#deps.platform.plugins.ready(name).hooks.includes(hook);
  }

  hook(record: InstanceRecord, hook: Hook, tools: StepTools): Promise<void> {
    return this.#stream(record, hook, tools);
  }

  /**
   * The other half of `pre_snapshot`: a failure is told of and changes nothing about the snapshot, and so is a plugin that can
   * no longer be called.
   */
  async release(record: InstanceRecord, tools: StepTools): Promise<void> {
    const isWithout = this.#isReady(requireWorkload(record).plugin) && !this.hasHook(record, "post_snapshot");
    if (!isWithout) await this.#tolerantly(record, "post_snapshot", tools);
  }

  /** What `use` needs, with `host` as the address of this machine in the client's eyes. */
  async access(record: InstanceRecord, host: string, socket: string): Promise<Access> {
    const ports = this.#deps.ports(record.name);
    const { workload } = record;
    const response =
      workload === undefined
        ? {}
        : await this.#deps.platform.plugins.ask(
            workload.plugin,
            "access",
            this.#input(record, workload, "access", ports, host),
          );
    const address = this.#deps.specs.addresses(record).inside;
    return resolveAccess(response, { host, ports, socket, address, instance: record.name, plugin: workload?.plugin });
  }

  async describe(record: InstanceRecord): Promise<WorkloadDescription> {
    const workload = requireWorkload(record);
    const input = this.#input(record, workload, "describe", this.#deps.ports(record.name));
    const response = await this.#deps.platform.plugins.ask(workload.plugin, "describe", input);
    return {
      workload_plugin: workload.plugin,
      workload_type: response.workload_type,
      contract_version: workload.contractVersion,
      status: response.status,
      ports: response.ports ?? [],
      config: response.config ?? {},
      details: response.details ?? {},
    };
  }

  probe(record: InstanceRecord, signal: AbortSignal): Promise<HealthAnswer> {
    const workload = requireWorkload(record);
    const input = this.#input(record, workload, "health", this.#deps.ports(record.name));
    return this.#deps.platform.plugins.ask(workload.plugin, "health", input, { signal });
  }

  /** The instance's workload; `wrong_state` where it has none. */
  of(record: InstanceRecord): WorkloadRecord {
    return requireWorkload(record);
  }

  forget(instance: string): void {
    this.#deps.forgetHealth(instance);
  }

  async #tolerantly(record: InstanceRecord, command: StreamingCommand, tools: StepTools): Promise<void> {
    try {
      await this.#stream(record, command, tools);
    } catch (error) {
      const why = error instanceof DockersnapError ? error.message : "an internal failure";
      tools.log.warn("a plugin failed at something that is not waited for", { command, error });
      tools.report({ step: command, status: "running", message: `going on without it: ${why}` });
    }
  }

  async #stream(record: InstanceRecord, command: StreamingCommand, tools: StepTools): Promise<void> {
    const workload = requireWorkload(record);
    // A deploy and a validate come before any port is known; what runs later gets what is forwarded.
    const ports = command === "deploy" ? [] : this.#deps.ports(record.name);
    const input = this.#input(record, workload, command, ports);
    await this.#deps.platform.plugins.stream(workload.plugin, command, input, reporting(record.name, tools), {
      signal: tools.signal,
    });
  }

  #isReady(name: string): boolean {
    return this.#deps.platform.plugins.list().some((plugin) => plugin.name === name && plugin.status === "ready");
  }

  #input(
    record: InstanceRecord,
    workload: WorkloadRecord,
    command: PluginCommand,
    ports: readonly PortMapping[],
    host?: string,
  ): PluginInput {
    const { platform, specs } = this.#deps;
    return pluginInput({
      command,
      record,
      workload,
      addresses: specs.addresses(record),
      socket: platform.engines.socketPath(record.name),
      dataRoot: platform.storage.path(record.name),
      netnsName: platform.network.netnsPath(record.name).split("/").at(-1) ?? "",
      ports,
      env: platform.settings.proxyEnv,
      host: host ?? clientHost(platform.settings),
    });
  }
}

function requireWorkload(record: InstanceRecord): WorkloadRecord {
  if (record.workload !== undefined) return record.workload;
  throw new DockersnapError(
    "wrong_state",
    `Instance '${record.name}' has no workload: it was created without a plugin. Its Docker engine is at your disposal through 'dockersnap docker ${record.name} -- …'.`,
  );
}

/** A longer message of a plugin is no sentence to end with. */
const longestConclusion = 4_096;

/**
 * The plugin ends before the operation does, and clients take these two events for the end of everything: the words of the
 * first are kept for that end.
 */
function reporting(instance: string, tools: Pick<StepTools, "report" | "conclude">): (event: ProgressEvent) => void {
  return (event) => {
    const { step, status, message } = event;
    if (step === "complete" && status === "done") {
      if (message !== undefined && message.trim() !== "") tools.conclude(instance, message.slice(0, longestConclusion));
    } else if (!(step === "error" && status === "error")) tools.report(event);
  };
}
