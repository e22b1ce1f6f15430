import type { Client } from "@dockersnap/client";
import type { Argument, ArgumentValues } from "./arguments.ts";
import type { Follower } from "./follow.ts";
import type { Io } from "./io.ts";
import type { Option, OptionValues } from "./options.ts";
import type { Output } from "./output/output.ts";

export type Arguments = Record<string, Argument<unknown>>;
export type Options = Record<string, Option<unknown>>;

interface Context<A, O> {
  readonly args: ArgumentValues<A>;
  readonly options: OptionValues<O>;
  readonly client: Client;
  readonly out: Output;
  /** Follows an operation to its end, showing how far it is. */
  readonly follow: Follower;
  readonly io: Io;
}

/** A verb as data, from which its help, its parsing and its completion come. */
export interface Command<A extends Arguments = Arguments, O extends Options = Options> {
  readonly summary: string;
  /** What the summary leaves open. */
  readonly description?: string;
  readonly args: A;
  readonly options: O;
  readonly examples: readonly string[];
  /** Resolves with the exit code, 0 if it says nothing. */
  run(context: Context<A, O>): Promise<number | undefined>;
}

/** A command whose words are the daemon program's business and are handed over untouched. */
export interface DaemonCommand {
  readonly summary: string;
  readonly daemonVerb: string;
}

export type AnyCommand = Command | DaemonCommand;

export function defineCommand<A extends Arguments, O extends Options = Record<never, never>>(
  command: Omit<Command<A, O>, "options"> & { readonly options?: O },
): Command {
  // What `run` is given is parsed by the very same `args` and `options`.
  return { options: {}, ...command } as unknown as Command;
}
