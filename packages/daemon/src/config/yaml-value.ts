import { isAlias, isMap, isScalar, isSeq, type Node, visit } from "yaml";

/** Aliases can make a short text as large as one likes, or without end: inside one value they are not followed. */
export function hasAlias(node: Node): boolean {
  let found = isAlias(node);
  visit(node, {
    Alias() {
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}

/**
 * What a node stands for as JSON has it: the file is read as text, so plain words that YAML takes for truth values, numbers or
 * nothing are turned into these here.
 */
export function jsonOf(node: unknown): unknown {
  if (isSeq(node)) return node.items.map(jsonOf);
  if (isMap(node)) {
    return Object.fromEntries(
      node.items.map(({ key, value }) => [isScalar(key) ? String(key.value) : "", jsonOf(value)]),
    );
  }
  if (!isScalar(node)) return null;
  const text = String(node.value);
  return node.type === "PLAIN" ? plain(text) : text;
}

function plain(text: string): unknown {
  if (/^(true|True|TRUE)$/.test(text)) return true;
  if (/^(false|False|FALSE)$/.test(text)) return false;
  if (/^(|~|null|Null|NULL)$/.test(text)) return null;
  return /^-?(0|[1-9]\d{0,14})(\.\d{1,14})?$/.test(text) ? Number(text) : text;
}
