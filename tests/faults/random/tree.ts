/** Something in a tree that a workload can make and change. */
export interface Entry {
  /** A hollow stands where a subvolume was nested in one that somebody took a snapshot of. */
  readonly kind: "folder" | "file" | "subvolume" | "hollow";
  readonly text?: string;
  readonly readOnly?: true;
  /** As chattr(1) has it: immutable, append-only. */
  readonly lock?: Lock;
}

export type Lock = "i" | "a";

/** By path, with a character for each byte of it. */
export type Tree = ReadonlyMap<string, Entry>;

/** Something a workload does to its tree. */
export type Change =
  | { readonly kind: "folder" | "nest"; readonly path: string }
  | { readonly kind: "write"; readonly path: string; readonly text: string; readonly append: boolean }
  | { readonly kind: "copy"; readonly path: string; readonly from: string; readonly readOnly: boolean }
  | { readonly kind: "protect"; readonly path: string; readonly readOnly: boolean }
  | { readonly kind: "lock"; readonly path: string; readonly lock: Lock | undefined }
  | { readonly kind: "remove"; readonly path: string; readonly what: Entry["kind"] };

/** What a tree begins with: a volume, and a subvolume that lies beside the volumes. */
export const beginning: readonly Change[] = [
  { kind: "folder", path: "data" },
  { kind: "folder", path: "data/_data" },
  { kind: "nest", path: "beside" },
];

/** Where everything else is put, and what itself stays. */
export const roots: readonly string[] = ["data/_data", "beside"];

/** The tree after a change that is possible in it. */
export function changed(tree: Tree, change: Change): Tree {
  const { path } = change;
  const now = tree.get(path);
  const after = new Map(tree);
  switch (change.kind) {
    case "folder":
      return after.set(path, { kind: "folder" });
    case "nest":
      return after.set(path, { kind: "subvolume" });
    case "write":
      return after.set(path, { ...now, kind: "file", text: `${change.append ? (now?.text ?? "") : ""}${change.text}` });
    case "copy": {
      const { readOnly: _, ...root } = tree.get(change.from) ?? { kind: "subvolume" };
      after.set(path, change.readOnly ? { ...root, readOnly: true } : root);
      for (const [inner, entry] of belowInSubvolume(tree, change.from)) {
        after.set(`${path}/${inner}`, entry.kind === "subvolume" ? { kind: "hollow" } : entry);
      }
      return after;
    }
    case "protect": {
      const { readOnly: _, ...entry } = now ?? { kind: "subvolume" };
      return after.set(path, change.readOnly ? { ...entry, readOnly: true } : entry);
    }
    case "lock": {
      const { lock: _, ...entry } = now ?? { kind: "file" };
      return after.set(path, change.lock === undefined ? entry : { ...entry, lock: change.lock });
    }
    case "remove":
      for (const other of tree.keys()) if (isWithin(other, path)) after.delete(other);
      return after;
  }
}

/** What lies in a subvolume, by its path from there, with the subvolumes nested in it but nothing of what is in those. */
function belowInSubvolume(tree: Tree, subvolume: string): readonly (readonly [string, Entry])[] {
  return [...tree].flatMap(([path, entry]) =>
    path.startsWith(`${subvolume}/`) && subvolumeOf(tree, parentOf(path)) === subvolume
      ? [[path.slice(subvolume.length + 1), entry] as const]
      : [],
  );
}

/** The nearest subvolume around a path, itself included; undefined where that is the dataset. */
export function subvolumeOf(tree: Tree, path: string): string | undefined {
  for (let at = path; at !== ""; at = parentOf(at)) if (tree.get(at)?.kind === "subvolume") return at;
  return undefined;
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}

/** In a form in which two trees are the same if they hold the same; undefined for one with nothing in it. */
export function textOf(entries: Iterable<readonly [string, Entry]>): string | undefined {
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  if (sorted.length === 0) return undefined;
  const inOrder = sorted.map(([path, { kind, text, readOnly, lock }]) => [path, { kind, text, readOnly, lock }]);
  return JSON.stringify(inOrder);
}

export function treeOf(text: string | undefined): Tree {
  return new Map(text === undefined ? [] : (JSON.parse(text) as [string, Entry][]));
}

/** What a snapshot must hold of a tree: everything, and no subvolume in it can be written. */
export function keptText(text: string | undefined): string | undefined {
  return textOf(
    [...treeOf(text)].map(([path, entry]) => [
      path,
      entry.kind === "subvolume" ? { ...entry, readOnly: true as const } : entry,
    ]),
  );
}
