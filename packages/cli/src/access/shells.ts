import { UsageError } from "../failure.ts";
import type { Io } from "../io.ts";
import type { Dialect } from "./dialect.ts";
import { fish } from "./fish.ts";
import { posix } from "./posix.ts";

export const shellNames = ["posix", "bash", "zsh", "sh", "fish"];

/** Programs that are known by name to read the POSIX dialect. */
const posixPrograms = new Set(["sh", "dash", "ash", "busybox", "bash", "zsh", "ksh", "ksh93", "mksh"]);

/** The dialect asked for, else that of the shell which started this program, else the login shell's. */
export function dialectFor(asked: string | undefined, io: Pick<Io, "env" | "parentProgram">): Dialect {
  if (asked === undefined) return dialectOf(io);
  if (!shellNames.includes(asked)) throw new UsageError(`'${asked}' is not one of ${shellNames.join(", ")}.`);
  return asked === "fish" ? fish : posix;
}

function dialectOf({ env, parentProgram }: Pick<Io, "env" | "parentProgram">): Dialect {
  if (parentProgram === "fish") return fish;
  if (parentProgram !== undefined && posixPrograms.has(parentProgram)) return posix;
  return env.SHELL?.endsWith("/fish") ? fish : posix;
}
