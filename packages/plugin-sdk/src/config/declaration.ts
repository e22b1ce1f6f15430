import type { ConfigOptionType } from "@dockersnap/contract/words";

interface Declared<T extends ConfigOptionType, V> {
  readonly name: string;
  readonly type: T;
  /** A string in it may hold `{{ instance_name }}`. */
  readonly default?: V;
  readonly required?: boolean;
  readonly description?: string;
}

/** A key a plugin understands under `--config`. Dotted names such as `proxy.http` are flat keys. */
export type ConfigOptionDeclaration =
  | Declared<"string", string>
  | Declared<"int", number>
  | Declared<"bool", boolean>
  | Declared<"string-list", readonly string[]>
  /** A file on the daemon's host, there when the plugin is deployed. */
  | Declared<"path", string>;

/** The keys of one plugin, in the order they are listed in. */
export type ConfigOptions = readonly ConfigOptionDeclaration[];

/** The names among `O` that are declared with the type `T`. */
export type NameOf<O extends ConfigOptions, T extends ConfigOptionType> = Extract<O[number], { type: T }>["name"];

/** `V` where the option is sure to have a value, `V | undefined` where neither a default nor a user has to give one. */
export type ValueOf<O extends ConfigOptions, N extends string, V> =
  Extract<O[number], { name: N }> extends { default: unknown } | { required: true } ? V : V | undefined;
