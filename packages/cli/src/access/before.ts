import type { Dialect } from "./dialect.ts";
import { exportedIn, namesIn } from "./variables.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What a variable was before `use` set it or unset it, under the variable's name behind this. */
const prefix = "DOCKERSNAP_BEFORE_";

/**
 * Variables that lead docker elsewhere than `DOCKER_HOST` says, or make it speak TLS to a socket. An instance's engine is
 * reached without them.
 */
export const inTheWayOfHost = ["DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"] as const;

/** The values that this shell had of its own before any `use`, by name. */
export function valuesBefore(env: Environment): Map<string, string> {
  const names = Object.keys(env).flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  const values = new Map<string, string>();
  for (const name of names.filter(mayBePutBack)) {
    const value = env[`${prefix}${name}`];
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

/** The environment is text that anything could have set: of its names only those `use` writes are put back. */
function mayBePutBack(name: string): boolean {
  return namesIn([name]).length > 0 || inTheWayOfHost.some((one) => one === name);
}

/** What this shell has of its own in these variables, which no earlier `use` set: to be kept while they hold something else. */
export function ownValues(env: Environment, names: readonly string[]): Map<string, string> {
  const ours = new Set([...exportedIn(env), ...valuesBefore(env).keys()]);
  return new Map(
    names.flatMap((name): [string, string][] => {
      const value = env[name];
      return value === undefined || value === "" || ours.has(name) ? [] : [[name, value]];
    }),
  );
}

/** The name of the variable that keeps what this one was. */
export function keptAs(name: string): string {
  return `${prefix}${name}`;
}

/** Statements that end the use of these variables: each gets back what it was before, or is unset. */
export function putBack(env: Environment, names: readonly string[], dialect: Dialect): string[] {
  const before = valuesBefore(env);
  return [...new Set(names)].flatMap((name) => {
    const value = before.get(name);
    return value === undefined ? [dialect.unset(name)] : [dialect.export(name, value), dialect.unset(keptAs(name))];
  });
}
