import type {
  AccessResponse,
  DescribeResponse,
  HealthResponse,
  Hook,
  PluginInfo,
  PluginInput,
  ProgressEvent,
  SchemaResponse,
  ValidateResponse,
} from "@dockersnap/contract/words";

/** A plugin that is ready, as found by the last reload. */
export interface ReadyPlugin {
  readonly info: PluginInfo;
  readonly schema: SchemaResponse;
  /** The highest contract version both sides know. */
  readonly contractVersion: string;
  readonly hooks: readonly Hook[];
}

/** Commands that answer with one JSON document, and what it is. */
export interface PluginResponses {
  validate: ValidateResponse;
  access: AccessResponse;
  describe: DescribeResponse;
  health: HealthAnswer;
}

/**
 * `unchecked`: nothing checks the instance, so that nothing is known of it. `uncounted`: a failure that has a bound of its own,
 * and counts toward no other.
 */
export type HealthAnswer = HealthResponse & { readonly unchecked?: true; readonly uncounted?: true };

/** Commands that report progress as they go. */
export type StreamingCommand = "deploy" | "teardown" | Hook;

export interface PluginCallOptions {
  readonly signal?: AbortSignal;
}

/** A process that was started before its input was there, and waits for it. One of the two is called, once. */
export interface CommandAhead {
  /** Give it its input and follow it to its end, as `PluginHost.stream` does; its time begins here. */
  stream(input: PluginInput, onProgress: (event: ProgressEvent) => void, options?: PluginCallOptions): Promise<void>;
  /** End it without. Resolves when it is gone. */
  drop(): Promise<void>;
}

/**
 * Workload plugins on this host. Each call is one process in its own group, with the command's time limit.
 * A call rejects with `plugin_failed` and the plugin's own words, also for one that is disabled, and with `not_found` for one
 * that is not there. A `validate` that says no resolves with `valid: false`.
 */
export interface PluginHost {
  list(): readonly PluginInfo[];
  /** The plugin if it is ready; `not_found` with the nearest name, `plugin_failed` with why it is disabled. */
  ready(name: string): ReadyPlugin;
  /** Look again, probe all side by side, then swap the list at once; running commands go on. */
  reload(): Promise<readonly PluginInfo[]>;
  ask<C extends keyof PluginResponses>(
    name: string,
    command: C,
    input: PluginInput,
    options?: PluginCallOptions,
  ): Promise<PluginResponses[C]>;
  /** Resolves after the plugin's last event; events arrive in order as they come. */
  stream(
    name: string,
    command: StreamingCommand,
    input: PluginInput,
    onProgress: (event: ProgressEvent) => void,
    options?: PluginCallOptions,
  ): Promise<void>;
  /**
   * Start the process of a command that is to come for this instance. Undefined for a plugin that does not say that it reads
   * its input before it does anything, and for one that may not be called.
   */
  startAhead(name: string, command: StreamingCommand, instance: string): CommandAhead | undefined;
}
