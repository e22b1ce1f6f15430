import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Writes the files of a page below `folder`, each put together from its blocks in order. */
export function writeFilesOf(page: string, folder: string): void {
  const files = new Map<string, string>();
  for (const [, path = "", block = ""] of page.matchAll(/^```\w+ title="([^"]+)"\n(.*?)^```$/gms)) {
    files.set(path, `${files.get(path) ?? ""}${block}\n`);
  }
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

export interface Block {
  readonly language: string;
  readonly text: string;
}

/** What of a page is typed: the blocks of shell, in order. */
export const shellBlocksOf = (page: string): Block[] =>
  [...page.matchAll(/^```(bash|console)\n(.*?)^```$/gms)].map(([, language = "", text = ""]) => ({ language, text }));
