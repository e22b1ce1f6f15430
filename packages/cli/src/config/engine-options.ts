import { UsageError } from "../failure.ts";
import { parseTexts, parseValue } from "./pairs.ts";

/** Options of dockerd that are lists: a single value is one item, and each further one is added. */
const lists = new Set([
  "allow-nondistributable-artifacts",
  "default-address-pools",
  "dns",
  "dns-opts",
  "dns-search",
  "insecure-registries",
  "labels",
  "node-generic-resources",
  "registry-mirrors",
]);

/**
 * `key=value` words as dockerd's configuration has them. `log-opts.max-size=50m` is one key of an object; undefined when none is
 * given.
 */
export function parseEngineOptions(pairs: readonly string[]): Record<string, unknown> | undefined {
  if (pairs.length === 0) return undefined;
  const options = new Map<string, unknown>();
  for (const pair of pairs) {
    const [[path, text] = ["", ""]] = Object.entries(parseTexts([pair], "--engine"));
    const value = parseValue(text);
    const dot = path.indexOf(".");
    if (dot >= 0) options.set(path.slice(0, dot), within(options.get(path.slice(0, dot)), path, value));
    else if (lists.has(path)) options.set(path, [...asList(options.get(path) ?? []), ...asList(value)]);
    else options.set(path, value);
  }
  return Object.fromEntries(options);
}

function within(before: unknown, path: string, value: unknown): Record<string, unknown> {
  if (before !== undefined && (typeof before !== "object" || before === null || Array.isArray(before))) {
    throw new UsageError(
      `'--engine ${path}=…' is part of an option that another --engine gives as a whole. Leave one out.`,
    );
  }
  const key = path.slice(path.indexOf(".") + 1);
  return Object.fromEntries([...Object.entries(before ?? {}), [key, value]]);
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
