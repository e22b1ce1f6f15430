import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PluginCommand } from "@dockersnap/contract/words";
import type { World } from "../../support/world.ts";

const schema = (name: string) => ({
  contract_version: "1",
  supported_contract_versions: ["1"],
  plugin_name: name,
  plugin_version: "1.0.0",
  hooks: ["pre_snapshot", "post_snapshot", "post_revert", "post_clone"],
});

/**
 * A real executable that behaves well until a test tells it otherwise, command by command: what a command does lies in a file
 * of the command's name, lines of bash. Each call is noted with what it was told.
 */
export class ToldPlugin {
  readonly name: string;
  readonly #behaviours: string;
  readonly #notes: string;

  constructor(world: World, name: string) {
    this.name = name;
    const folder = join(world.dir, `told-${name}`);
    this.#behaviours = join(folder, "behaviours");
    this.#notes = join(folder, "notes");
    mkdirSync(this.#behaviours, { recursive: true });
    installScript(world, name, script(name, this.#behaviours, this.#notes));
  }

  /** From now on; without a body it behaves well again. */
  behave(command: PluginCommand, body?: string): void {
    const file = join(this.#behaviours, command);
    if (body === undefined) rmSync(file, { force: true });
    else writeFileSync(file, body);
  }

  /** What it was called with since it was last asked, a command and its input each. */
  calls(): { command: string; input: Record<string, unknown> | undefined }[] {
    const text = existsSync(this.#notes) ? readFileSync(this.#notes, "utf8") : "";
    rmSync(this.#notes, { force: true });
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [command = "", input = ""] = line.split("\t");
        return { command, input: input === "" ? undefined : JSON.parse(input) };
      });
  }
}

/** Put a script where the world's daemon looks; a reload takes it in. */
export function installScript(world: World, name: string, text: string): void {
  const folder = join(world.pluginsDir, name);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), 0o755);
}

const script = (name: string, behaviours: string, notes: string) => `#!/bin/bash
behaviour=${behaviours}/$1
if [ -e "$behaviour" ]; then . "$behaviour"; exit; fi
input=$(cat)
printf '%s\\t%s\\n' "$1" "$input" >> ${notes}
case $1 in
  init) ;;
  schema) echo '${JSON.stringify(schema(name))}' ;;
  validate) echo '{"valid":true}' ;;
  access) echo '{}' ;;
  describe) echo '{"workload_type":"${name}","status":"running"}' ;;
  health) echo '{"healthy":true}' ;;
  *) echo '{"step":"complete","status":"done"}' ;;
esac
`;
