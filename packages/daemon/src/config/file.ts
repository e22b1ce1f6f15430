import { nearest } from "@dockersnap/contract/words";
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  type Scalar,
} from "yaml";
import { foreignKey } from "./foreign.ts";
import { isKeyName, type KeyName, keyNames, keys } from "./keys.ts";
import { type Origin, type Problems, placed } from "./problems.ts";
import { hasAlias, jsonOf } from "./yaml-value.ts";

/** A value as it was written, not yet parsed. */
export interface Written {
  readonly text: string;
  readonly origin: Origin;
}

/**
 * What a configuration file sets; a key without a value sets nothing. Everything wrong with its form, and every key that is not
 * known, goes to `problems`; a key that is known and has no effect goes to `warnings`.
 */
export function readFile(file: string, source: string, problems: Problems, warnings: string[]): Map<KeyName, Written> {
  const lineCounter = new LineCounter();
  // Everything stays text: YAML's own numbers would turn 10.10 into 10.1.
  const documents = parseAllDocuments(source, { schema: "failsafe", lineCounter, prettyErrors: false });
  const written = new Map<KeyName, Written>();
  if (!Array.isArray(documents)) return written;
  const at = (node: { range?: readonly number[] | null | undefined } | null | undefined): Origin => ({
    name: file,
    line: lineCounter.linePos(node?.range?.[0] ?? 0).line,
  });

  const [document, second] = documents;
  for (const error of documents.flatMap((one) => one.errors)) {
    problems.add({ name: file, line: lineCounter.linePos(error.pos[0]).line }, `not YAML: ${error.message}`);
  }
  if (document === undefined || document.errors.length > 0) return written;
  if (second !== undefined) problems.add(at(second), "expected one document, got a second one");

  const resolved = (node: unknown) => (isAlias(node) ? node.resolve(document) : node);

  const take = (name: KeyName, value: Node | undefined, origin: Origin) => {
    const earlier = written.get(name);
    if (earlier !== undefined) {
      problems.add(origin, `${name}: set twice, also on line ${earlier.origin.line}`);
    } else if (isMap(value) && keys[name].type.mapping === true) {
      if (hasAlias(value)) problems.addValue(origin, name, "an alias inside it");
      else written.set(name, { text: JSON.stringify(jsonOf(value)), origin });
    } else if (isScalar(value) || value === undefined) {
      written.set(name, { text: textOf(value), origin });
    } else if (isSeq(value) && keys[name].type.list === true && value.items.every((item) => isScalar(resolved(item)))) {
      const items = value.items.map((item) => String((resolved(item) as { value: unknown }).value));
      written.set(name, { text: items.join(","), origin });
    } else {
      problems.addValue(origin, name, isSeq(value) ? "a list" : "a mapping");
    }
  };

  const readPair = (prefix: string, pair: Pair<unknown, unknown>) => {
    const word = isScalar(pair.key) ? String(pair.key.value) : "";
    const name = prefix === "" ? word : `${prefix}.${word}`;
    const origin = at(pair.key as Node);
    const value = resolved(pair.value) as Node | undefined;
    if (isKeyName(name)) take(name, value, origin);
    else if (isSection(name)) readSection(name, value, origin);
    else {
      const foreign = foreignKey(name);
      if (foreign === undefined) problems.add(origin, unknownKey(prefix, name));
      else warnings.push(placed(origin, `${name} has no effect: ${foreign}.`));
    }
  };

  const readSection = (name: string, value: Node | null | undefined, origin: Origin) => {
    if (isMap(value)) for (const pair of value.items) readPair(name, pair);
    else if (value && !(isScalar(value) && value.value === "")) {
      const what = name === "" ? "the file" : name;
      problems.add(
        origin,
        `${what}: expected keys and their values, got ${isSeq(value) ? "a list" : "a single value"}`,
      );
    }
  };

  readSection("", document.contents, at(document.contents));
  return written;
}

/** YAML's own words for no value are text like any other here, unless they are quoted. */
function textOf(value: Scalar | undefined): string {
  const text = String(value?.value ?? "");
  return value?.type === "PLAIN" && /^(~|null|Null|NULL)$/.test(text) ? "" : text;
}

function isSection(name: string): boolean {
  return keyNames.some((key) => key.startsWith(`${name}.`));
}

function unknownKey(prefix: string, name: string): string {
  const siblings =
    prefix === "" ? [...keyNames, ...sections()] : keyNames.filter((key) => key.startsWith(`${prefix}.`));
  const near = nearest(name, siblings) ?? nearest(name, keyNames);
  const known = prefix === "" ? "" : ` Under ${prefix} there are ${siblings.join(", ")}.`;
  return `${name}: there is no such key.${near === undefined ? known : ` Did you mean ${near}?`}`;
}

function sections(): string[] {
  return [...new Set(keyNames.filter((key) => key.includes(".")).map((key) => key.slice(0, key.indexOf("."))))];
}
