import { readFile } from "node:fs/promises";

export interface Mount {
  readonly type: string;
  /** The device, as `/dev/loop3`. */
  readonly source: string;
}

/** What is mounted exactly here, the topmost where several are; `undefined` when nothing is. */
export async function mountAt(mountpoint: string): Promise<Mount | undefined> {
  return (await readMounts()).findLast((line) => line.at === mountpoint);
}

/** What is mounted here or, where nothing is, at the nearest folder above. The path has no links in it. */
export async function mountHolding(path: string): Promise<Mount | undefined> {
  const holds = (at: string) => at === path || path.startsWith(at === "/" ? at : `${at}/`);
  return (await readMounts())
    .filter(({ at }) => holds(at))
    .reduce<(Mount & { readonly at: string }) | undefined>(
      (nearest, mount) => (nearest === undefined || mount.at.length >= nearest.at.length ? mount : nearest),
      undefined,
    );
}

async function readMounts(): Promise<readonly (Mount & { readonly at: string })[]> {
  return parseMountinfo(await readFile("/proc/self/mountinfo", "utf8"));
}

/** The lines of `/proc/<pid>/mountinfo`; see proc(5). */
export function parseMountinfo(text: string): readonly (Mount & { readonly at: string })[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const fields = line.split(" ");
      // A lone hyphen ends the optional fields, of which there may be none.
      const [type = "", source = ""] = fields.slice(fields.indexOf("-", 6) + 1);
      return { at: unescaped(fields[4] ?? ""), type, source: unescaped(source) };
    });
}

/** A name as the kernel writes it into a table: blanks, newlines and backslashes are octal numbers. */
export function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
