import { checkConfig, DockersnapError, nameRules, pluginNamePattern } from "@dockersnap/contract/words";
import type { ConfigOptions } from "./config/declaration.ts";
import type { Context } from "./context.ts";
import type { Handlers, PluginDefinition } from "./definition.ts";
import { isCalledByProgram, startInProcess } from "./process.ts";

/** What a plugin is, apart from what it does. */
export interface PluginOptions<O extends ConfigOptions> {
  /** The executable's name on disk. */
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  /** The `--config` keys there are. Checked and defaulted before any handler runs. */
  readonly configOptions?: O;
}

/** The context of a plugin's handlers: `PluginContext<typeof plugin>`. */
export type PluginContext<P> = P extends { readonly configOptions: infer O extends ConfigOptions } ? Context<O> : never;

/** A plugin, with one handler at most for each command. */
export class Plugin<const O extends ConfigOptions> implements PluginDefinition<O> {
  readonly name: string;
  readonly version: string;
  readonly description: string | undefined;
  readonly configOptions: O;
  readonly handlers: Handlers<O> = {};

  constructor(options: PluginOptions<O> & { readonly configOptions: O }) {
    this.name = options.name;
    this.version = options.version;
    this.description = options.description;
    this.configOptions = options.configOptions;
  }

  /** Once when the daemon starts or reloads: a throw disables the plugin, saying why. */
  onInit(handler: NonNullable<Handlers<O>["init"]>): void {
    this.#set("init", handler);
  }

  /** Before anything is created, after the types are checked: what else could be wrong with the configuration? */
  onValidate(handler: NonNullable<Handlers<O>["validate"]>): void {
    this.#set("validate", handler);
  }

  /** As the last step of a create, on a running and empty engine. */
  onDeploy(handler: NonNullable<Handlers<O>["deploy"]>): void {
    this.#set("deploy", handler);
  }

  /** Before the instance goes, and after a failed deploy: for state outside the instance. */
  onTeardown(handler: NonNullable<Handlers<O>["teardown"]>): void {
    this.#set("teardown", handler);
  }

  /** How people and programs reach the workload. */
  onAccess(handler: NonNullable<Handlers<O>["access"]>): void {
    this.#set("access", handler);
  }

  onDescribe(handler: NonNullable<Handlers<O>["describe"]>): void {
    this.#set("describe", handler);
  }

  /** On a schedule. A throw says that the probe itself could not run. */
  onHealth(handler: NonNullable<Handlers<O>["health"]>): void {
    this.#set("health", handler);
  }

  /** Flush and hold still; `onPostSnapshot` lets go again. */
  onPreSnapshot(handler: NonNullable<Handlers<O>["pre_snapshot"]>): void {
    this.#set("pre_snapshot", handler);
  }

  /** After every `onPreSnapshot`, failed ones too. */
  onPostSnapshot(handler: NonNullable<Handlers<O>["post_snapshot"]>): void {
    this.#set("post_snapshot", handler);
  }

  onPostRevert(handler: NonNullable<Handlers<O>["post_revert"]>): void {
    this.#set("post_revert", handler);
  }

  /** On the new instance: time to change what must not be the same twice. */
  onPostClone(handler: NonNullable<Handlers<O>["post_clone"]>): void {
    this.#set("post_clone", handler);
  }

  /**
   * Has the process run the command it was started with, as soon as the module is evaluated to its end, and then end. So a
   * handler finds everything the module declares, also below this call. It does nothing in a module that was imported, so
   * that a test can import the handlers; the call belongs in the file that is run.
   */
  async run(): Promise<void> {
    if (isCalledByProgram(this.run)) startInProcess(this);
  }

  #set<C extends keyof Handlers<O>>(command: C, handler: NonNullable<Handlers<O>[C]>): void {
    if (this.handlers[command] !== undefined) {
      throw new DockersnapError("internal", `The plugin '${this.name}' has two handlers for ${command}; keep one.`);
    }
    this.handlers[command] = handler;
  }
}

/** A plugin without handlers. Throws for a name, an option or a default that no daemon would take. */
export function createPlugin<const O extends ConfigOptions = readonly []>(options: PluginOptions<O>): Plugin<O> {
  if (!pluginNamePattern.test(options.name)) {
    throw new DockersnapError("internal", `'${options.name}' cannot name a plugin: expected ${nameRules.plugin}.`);
  }
  const configOptions = options.configOptions ?? ([] as unknown as O);
  const names = configOptions.map((option) => option.name);
  const repeated = names.find((name, index) => name === "" || names.indexOf(name) !== index);
  if (repeated !== undefined) {
    throw new DockersnapError("internal", `The config option '${repeated}' is declared twice or has no name.`);
  }
  const defaulted = configOptions.filter((option) => option.default !== undefined);
  const { problems } = checkConfig(defaulted, {}, { instanceName: options.name });
  if (problems.length > 0) {
    throw new DockersnapError("internal", problems.map((problem) => problem.message).join(" "));
  }
  return new Plugin({ ...options, configOptions });
}
