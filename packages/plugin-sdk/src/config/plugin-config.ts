import { type ConfigOptionType, DockersnapError, nearest } from "@dockersnap/contract/words";
import type { ConfigOptions, NameOf, ValueOf } from "./declaration.ts";

/**
 * The checked configuration, read by name and type. An undeclared name, or a name declared with another type, does not
 * compile, and throws where the compiler was not asked. An option without a default that nobody gave is `undefined`.
 */
export class PluginConfig<const O extends ConfigOptions> {
  /** Everything there is a value for, by name. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly #options: O;

  constructor(options: O, values: Readonly<Record<string, unknown>>) {
    this.#options = options;
    this.values = values;
  }

  string<N extends NameOf<O, "string">>(name: N): ValueOf<O, N, string> {
    return this.#read(name, "string");
  }

  int<N extends NameOf<O, "int">>(name: N): ValueOf<O, N, number> {
    return this.#read(name, "int");
  }

  bool<N extends NameOf<O, "bool">>(name: N): ValueOf<O, N, boolean> {
    return this.#read(name, "bool");
  }

  stringList<N extends NameOf<O, "string-list">>(name: N): ValueOf<O, N, string[]> {
    return this.#read(name, "string-list");
  }

  path<N extends NameOf<O, "path">>(name: N): ValueOf<O, N, string> {
    return this.#read(name, "path");
  }

  // The caller's return type follows from the declaration, which is what `checkConfig` held the value against.
  #read<V>(name: string, type: ConfigOptionType): V {
    const declared = this.#options.find((option) => option.name === name);
    if (declared === undefined) {
      const names = this.#options.map((option) => option.name);
      const meant = nearest(name, names) ?? names.join(", ");
      throw new DockersnapError(
        "internal",
        `This plugin declares no config option '${name}'. ${meant === "" ? "It declares none." : `Declared: ${meant}.`}`,
      );
    }
    if (declared.type !== type) {
      throw new DockersnapError(
        "internal",
        `The config option '${name}' is declared as ${declared.type}, not ${type}.`,
      );
    }
    return (Object.hasOwn(this.values, name) ? this.values[name] : undefined) as V;
  }
}
