import type { Completes } from "./arguments.ts";

/** One option of a command; its flag is its key in kebab case, unless `flag` says otherwise. */
export interface Option<Value> {
  readonly summary: string;
  readonly short?: string;
  /** As help shows its value, such as `<file>`; none for a switch. */
  readonly placeholder?: string;
  readonly choices?: readonly string[];
  readonly completes?: Completes | "config";
  /** Given several times, it is a list. */
  readonly repeats?: true;
  /** Never there; carries the type of the value. */
  readonly value?: Value;
}

export type OptionValues<O> = { readonly [Name in keyof O]: O[Name] extends Option<infer Value> ? Value : never };

export function flag(summary: string, more: { short?: string } = {}): Option<boolean> {
  return { summary, ...more };
}

export function text(
  placeholder: string,
  summary: string,
  more: { short?: string; choices?: readonly string[]; completes?: Completes } = {},
): Option<string | undefined> {
  return { summary, placeholder: `<${placeholder}>`, ...more };
}

export function list(
  placeholder: string,
  summary: string,
  more: { completes?: Completes | "config" } = {},
): Option<readonly string[]> {
  return { summary, placeholder: `<${placeholder}>`, repeats: true, ...more };
}

export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The option that a word names, such as `--file` or `-f`. */
export function optionOf(
  options: Record<string, Option<unknown>>,
  word: string | undefined,
): Option<unknown> | undefined {
  return Object.entries(options).find(
    ([name, { short }]) => word === flagOf(name) || (short !== undefined && word === `-${short}`),
  )?.[1];
}

/** Understood before and after every verb. */
export const globalOptions = {
  remote: text("url", "The daemon's address (DOCKERSNAP_REMOTE; http://127.0.0.1:9847)", { short: "r" }),
  token: text("token", "The daemon's token (DOCKERSNAP_TOKEN)", { short: "t" }),
  output: text("format", "Output format; wide is text with more columns", {
    short: "o",
    choices: ["text", "wide", "json", "yaml", "name"],
  }),
  noColor: flag("Disable colours (NO_COLOR)"),
  quiet: flag("Print only results: no progress, no hints", { short: "q" }),
};

export type GlobalValues = OptionValues<typeof globalOptions>;
