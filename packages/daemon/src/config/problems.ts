import { DockersnapError, ShortList } from "@dockersnap/contract/words";
import { type KeyName, keys } from "./keys.ts";

/** Where a value was written: a file with its line, or a variable. */
export interface Origin {
  readonly name: string;
  readonly line?: number;
}

/** A sentence with the place it is about. */
export function placed(origin: Origin | undefined, sentence: string): string {
  if (origin === undefined) return sentence;
  return `${origin.name}${origin.line === undefined ? "" : `:${origin.line}`}: ${sentence}`;
}

/** Everything wrong with a configuration, told at once; of very many problems the first, and how many more there are. */
export class Problems {
  readonly #lines = new ShortList<string>((line) => line.length);

  add(origin: Origin | undefined, sentence: string): void {
    this.#lines.add(() => placed(origin, sentence));
  }

  /** A value that its key does not take. */
  addValue(origin: Origin | undefined, name: KeyName, got: string): void {
    const { type } = keys[name];
    this.add(origin, `${name}: expected ${type.expected}, got ${shown(name, got)}`);
  }

  throwIfAny(): void {
    const { count, entries, omitted } = this.#lines;
    if (count === 0) return;
    const sum = count === 1 ? "a problem" : `${count} problems`;
    const told = omitted === 0 ? entries : [...entries, `and ${omitted} more`];
    throw new DockersnapError("invalid_request", `The configuration has ${sum}:\n  ${told.join("\n  ")}`, {
      details: { problems: entries, ...(omitted === 0 ? {} : { omitted }) },
    });
  }
}

function shown(name: KeyName, got: string): string {
  if (got === "") return "nothing";
  const { secret } = keys[name] as { secret?: true };
  if (secret === true) return "something else (not shown: it is a secret)";
  return JSON.stringify(got.length > 80 ? `${got.slice(0, 80)}…` : got);
}
