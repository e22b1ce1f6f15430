import { UsageError } from "../failure.ts";
import { fish } from "./fish.ts";
import { posix } from "./posix.ts";

/** One shell's words for setting and unsetting exported variables, safe in `eval` quoted and not. */
export interface Dialect {
  /** `value` holds no NUL character. */
  export(name: string, value: string): string;
  unset(name: string): string;
}

export const shellNames = ["posix", "bash", "zsh", "sh", "fish"];

/** The dialect asked for, else the login shell's. */
export function dialectFor(asked: string | undefined, loginShell: string | undefined): Dialect {
  const name = asked ?? (loginShell?.endsWith("/fish") ? "fish" : "posix");
  if (!shellNames.includes(name)) throw new UsageError(`'${name}' is not one of ${shellNames.join(", ")}.`);
  return name === "fish" ? fish : posix;
}
