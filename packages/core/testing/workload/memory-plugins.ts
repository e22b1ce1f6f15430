import {
  type ConfigOption,
  contractVersion,
  DockersnapError,
  type Hook,
  nearest,
  type PluginCommand,
  type PluginInfo,
  type PluginInput,
  type ProgressEvent,
} from "@dockersnap/contract/words";
import type {
  CommandAhead,
  PluginCallOptions,
  PluginHost,
  PluginResponses,
  ReadyPlugin,
  StreamingCommand,
} from "../../src/workload/plugins.ts";

type Answer<C extends keyof PluginResponses> = (
  input: PluginInput,
  signal: AbortSignal,
) => PluginResponses[C] | Promise<PluginResponses[C]>;

type Act = (input: PluginInput, report: (event: ProgressEvent) => void, signal: AbortSignal) => void | Promise<void>;

type Answers = { readonly [C in keyof PluginResponses]?: Answer<C> };

/** What a plugin does when it is called. It has no command that is left out. A hook that is here is listed. */
export type MemoryPlugin = Answers & {
  readonly [C in StreamingCommand]?: Act;
} & {
  readonly configOptions?: readonly ConfigOption[];
  /** Why it may not be used. */
  readonly disabled?: string;
  readonly readsInputFirst?: boolean;
};

export interface MemoryPluginCall {
  readonly plugin: string;
  readonly command: PluginCommand;
  readonly input: PluginInput;
  /** It had been started before its input was there. */
  readonly ahead?: true;
}

const hookNames: readonly Hook[] = ["pre_snapshot", "post_snapshot", "post_revert", "post_clone"];

/** Plugins that are functions. A handler that throws a `DockersnapError` fails with it, anything else as `plugin_failed`. */
export class MemoryPlugins implements PluginHost {
  /** Every call so far, in order. */
  readonly calls: MemoryPluginCall[] = [];
  /** Instances for which a process waits that was started before its input was there. */
  readonly waiting = new Set<string>();
  readonly #installed = new Map<string, MemoryPlugin>();
  #loaded: ReadonlyMap<string, MemoryPlugin> = new Map();

  /**
   * Put a plugin in place and take it in at once, with a `deploy` that does nothing where it has none of its own. A second
   * one of the name takes the first one's place.
   */
  add(name: string, plugin: MemoryPlugin = {}): this {
    this.install(name, { deploy: () => undefined, ...plugin });
    this.#loaded = new Map(this.#installed);
    return this;
  }

  /** Put a plugin in place for the next reload. */
  install(name: string, plugin: MemoryPlugin = {}): void {
    this.#installed.set(name, plugin);
  }

  /** Take a plugin away, seen at the next reload. */
  uninstall(name: string): void {
    this.#installed.delete(name);
  }

  list(): readonly PluginInfo[] {
    return [...this.#loaded].map(([name, plugin]) => describe(name, plugin)).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  ready(name: string): ReadyPlugin {
    const plugin = this.#find(name);
    return {
      info: describe(name, plugin),
      schema: {
        contract_version: contractVersion,
        plugin_name: name,
        plugin_version: "1.0.0",
        config_options: [...(plugin.configOptions ?? [])],
        reads_input_first: plugin.readsInputFirst,
      },
      contractVersion,
      hooks: hooksOf(plugin),
    };
  }

  async reload(): Promise<readonly PluginInfo[]> {
    this.#loaded = new Map(this.#installed);
    return this.list();
  }

  async ask<C extends keyof PluginResponses>(
    name: string,
    command: C,
    input: PluginInput,
    { signal = new AbortController().signal }: PluginCallOptions = {},
  ): Promise<PluginResponses[C]> {
    const answers: Answers = this.#find(name);
    this.#begin({ plugin: name, command, input }, signal);
    const answer: Answer<C> = answers[command] ?? (() => absentAnswer(name, command));
    return guarded(name, command, signal, () => answer(input, signal));
  }

  async stream(
    name: string,
    command: StreamingCommand,
    input: PluginInput,
    onProgress: (event: ProgressEvent) => void,
    options?: PluginCallOptions,
  ): Promise<void> {
    await this.#stream({ plugin: name, command, input }, this.#find(name), onProgress, options);
  }

  startAhead(name: string, command: StreamingCommand, instance: string): CommandAhead | undefined {
    const plugin = this.#loaded.get(name);
    if (plugin?.readsInputFirst !== true || plugin.disabled !== undefined) return undefined;
    this.waiting.add(instance);
    return {
      stream: (input, onProgress, options) => {
        this.waiting.delete(instance);
        return this.#stream({ plugin: name, command, input, ahead: true }, plugin, onProgress, options);
      },
      drop: async () => {
        this.waiting.delete(instance);
      },
    };
  }

  async #stream(
    call: MemoryPluginCall & { readonly command: StreamingCommand },
    plugin: MemoryPlugin,
    onProgress: (event: ProgressEvent) => void,
    { signal = new AbortController().signal }: PluginCallOptions = {},
  ): Promise<void> {
    this.#begin(call, signal);
    const act = plugin[call.command] ?? (() => absentAct(call.command));
    const refused = new AbortController();
    const bound = AbortSignal.any([signal, refused.signal]);
    const report = (event: ProgressEvent) => {
      try {
        if (!bound.aborted) onProgress(event);
      } catch (error) {
        refused.abort(error);
      }
    };
    try {
      await guarded(call.plugin, call.command, bound, () => act(call.input, report, bound));
    } finally {
      // Whoever listens and throws has the plugin ended, and what was thrown goes to whoever called.
      refused.signal.throwIfAborted();
    }
  }

  #begin(call: MemoryPluginCall, signal: AbortSignal): void {
    if (signal.aborted) throw cancelled(call.plugin, call.command);
    this.calls.push(call);
  }

  #find(name: string): MemoryPlugin {
    const plugin = this.#loaded.get(name);
    if (plugin === undefined) {
      const meant = nearest(name, this.#loaded.keys());
      throw new DockersnapError(
        "not_found",
        `There is no plugin '${name}'.${meant === undefined ? "" : ` Did you mean '${meant}'?`}`,
      );
    }
    if (plugin.disabled !== undefined) {
      throw new DockersnapError("plugin_failed", `Plugin '${name}' is disabled: ${plugin.disabled}`);
    }
    return plugin;
  }
}

function describe(name: string, plugin: MemoryPlugin): PluginInfo {
  if (plugin.disabled !== undefined) return { name, status: "disabled", error: plugin.disabled };
  return {
    name,
    status: "ready",
    version: "1.0.0",
    supported_contract_versions: [contractVersion],
    config_options: [...(plugin.configOptions ?? [])],
  };
}

const hooksOf = (plugin: MemoryPlugin) => hookNames.filter((hook) => plugin[hook] !== undefined);

function absentAnswer<C extends keyof PluginResponses>(name: string, command: C): PluginResponses[C] {
  const answers: PluginResponses = {
    validate: { valid: true },
    access: {},
    describe: { workload_type: name, status: "unknown" },
    health: { healthy: true, unchecked: true },
  };
  return answers[command];
}

function absentAct(command: StreamingCommand): void {
  if (command === "deploy") throw new Error("it is not implemented.");
}

function cancelled(name: string, command: PluginCommand): DockersnapError {
  return new DockersnapError("cancelled", `Plugin '${name}' was cancelled at ${command}.`);
}

/** Ends with the signal, whatever the work does about it. */
async function guarded<T>(
  name: string,
  command: PluginCommand,
  signal: AbortSignal,
  work: () => T | Promise<T>,
): Promise<T> {
  const ended = Promise.withResolvers<never>();
  const end = () => ended.reject(cancelled(name, command));
  signal.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([(async () => work())(), ended.promise]);
  } catch (error) {
    if (error instanceof DockersnapError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new DockersnapError("plugin_failed", `Plugin '${name}' failed at ${command}: ${why}`, { cause: error });
  } finally {
    signal.removeEventListener("abort", end);
  }
}
