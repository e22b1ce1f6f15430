import { UsageError } from "../failure.ts";
import type { Dialect } from "./dialect.ts";
import { fish } from "./fish.ts";
import { posix } from "./posix.ts";

export const shellNames = ["posix", "bash", "zsh", "sh", "fish"];

/** The dialect asked for, else the login shell's. */
export function dialectFor(asked: string | undefined, loginShell: string | undefined): Dialect {
  const name = asked ?? (loginShell?.endsWith("/fish") ? "fish" : "posix");
  if (!shellNames.includes(name)) throw new UsageError(`'${name}' is not one of ${shellNames.join(", ")}.`);
  return name === "fish" ? fish : posix;
}
