import { dirname } from "node:path";
import { DockersnapError, type ProgramResult } from "@dockersnap/plugin-sdk";
import type { Ctx } from "./plugin.ts";
import type { ComposeProgram } from "./program.ts";
import { composeWords, warningsIn } from "./words.ts";

/** Compose at work on one project of one instance. */
export class Invocation {
  readonly #ctx: Ctx;
  readonly #compose: ComposeProgram;

  constructor(ctx: Ctx, compose: ComposeProgram) {
    this.#ctx = ctx;
    this.#compose = compose;
  }

  /** How a person calls it. */
  get name(): string {
    return [this.#compose.program, ...this.#compose.prefix].join(" ");
  }

  get version(): string {
    return this.#compose.version;
  }

  /**
   * The project as Compose understands it, as YAML with every value filled in, secrets too: not for any log. `plugin_refused`
   * with Compose's words where the file is not one it takes.
   */
  async config(): Promise<{ readonly yaml: string; readonly warnings: readonly string[] }> {
    const result = await this.#run(["config"]);
    if (result.exitCode !== 0) throw this.#refusal(result);
    return { yaml: result.stdout, warnings: warningsIn(result.stderr) };
  }

  /** The profiles the file knows, enabled or not. */
  async profiles(): Promise<string[]> {
    const result = await this.#run(["config", "--profiles"]);
    if (result.exitCode !== 0) throw this.#refusal(result);
    return result.stdout.split("\n").filter((line) => line !== "");
  }

  /** Creates and starts everything, with `override` on top of the file; each line Compose says goes to `onLine`. */
  async up(override: string, onLine: (line: string) => void): Promise<void> {
    const result = await this.#run(["up", "--detach"], [override], onLine);
    if (result.exitCode === 0) return;
    throw new DockersnapError("plugin_failed", `'${this.name} up' failed: ${composeWords(result)}`);
  }

  #run(
    command: readonly string[],
    overrides: readonly string[] = [],
    onLine?: (line: string) => void,
  ): Promise<ProgramResult> {
    const { config } = this.#ctx;
    const { program, prefix } = this.#compose;
    const folder = dirname(config.path("file"));
    const envFile = config.path("env_file") || undefined;
    const args = [
      ...prefix,
      "--ansi=never",
      ...[config.path("file"), ...overrides].map((file) => `--file=${file}`),
      `--project-name=${config.string("project_name")}`,
      ...config.stringList("profiles").map((profile) => `--profile=${profile}`),
      ...(envFile === undefined ? [] : [`--env-file=${envFile}`]),
      ...command,
    ];
    // As if it had been started in the folder of the file: `${PWD}` in a compose file means that.
    const options = { cwd: folder, env: { PWD: folder }, allowFailure: true };
    return this.#ctx.exec(program, args, onLine === undefined ? options : { ...options, onLine });
  }

  #refusal(result: ProgramResult): DockersnapError {
    return new DockersnapError(
      "plugin_refused",
      `${this.name} refuses ${this.#ctx.config.path("file")}: ${composeWords(result)}`,
    );
  }
}
