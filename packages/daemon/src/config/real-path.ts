import { realpathSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";

/**
 * The path as the kernel names it: without links, `..` and slashes too many, as far as it is there. Paths that lead to the
 * same place become the same text, and what is mounted there is found in the kernel's own list.
 */
export function realPath(path: string): string {
  const missing: string[] = [];
  for (let there = path; ; there = dirname(there)) {
    try {
      return join(realpathSync.native(there), ...missing);
    } catch {
      // The root is always there; a part that may not be looked at counts as missing.
      if (there === "/") return normalize(path);
      missing.unshift(basename(there));
    }
  }
}
