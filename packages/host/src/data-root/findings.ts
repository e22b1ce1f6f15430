import pLimit from "p-limit";
import { mostJsonBytes, mostThings, readsAtOnce } from "./bounds.ts";
import type { Folder } from "./folder.ts";

/** A reading under way: what it could not make sense of is told, and the rest goes on. */
export class Findings {
  readonly problems: string[] = [];
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** The value of `work`, or undefined with a sentence about `what`. */
  async attempt<T>(what: string, work: () => Promise<T> | T): Promise<T | undefined> {
    try {
      this.#signal.throwIfAborted();
      return await work();
    } catch (error) {
      this.#signal.throwIfAborted();
      const why =
        error instanceof SyntaxError ? "it is no JSON" : error instanceof Error ? error.message : String(error);
      this.problems.push(`${what} could not be read: ${firstLine(why)}.`);
      return undefined;
    }
  }

  /** `work` on each of those names that fit, some at a time; what it gives for none is left out. */
  async each<T>(
    kind: string,
    names: readonly string[],
    fits: RegExp,
    work: (name: string) => Promise<T | undefined>,
  ): Promise<T[]> {
    const all = names.filter((name) => fits.test(name)).sort();
    if (all.length > mostThings) {
      this.problems.push(`Only ${mostThings} of ${all.length} ${kind}s were looked at.`);
    }
    const limit = pLimit(readsAtOnce);
    const found = await Promise.all(
      all
        .slice(0, mostThings)
        .map((name) => limit(() => this.attempt(`The ${kind} ${name.slice(0, longestName)}`, () => work(name)))),
    );
    return found.filter((one) => one !== undefined);
  }
}

const longestName = 64;

/** Sentences are for people, whatever the file's bytes were. */
function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").slice(0, 200).replace(/\.$/, "");
}

/** The file's JSON; undefined when there is no such file. */
export async function json(folder: Folder, name: string, most = mostJsonBytes): Promise<unknown> {
  const text = await folder.text(name, most);
  return text === undefined ? undefined : JSON.parse(text);
}
