import fc from "fast-check";
import {
  beginning,
  type Change,
  type Entry,
  isWithin,
  type Lock,
  parentOf,
  roots,
  subvolumeOf,
  type Tree,
} from "./tree.ts";

/** What a generator of numbers draws for a change of a tree. */
export interface ChangeDraw {
  readonly kind: Change["kind"];
  readonly place: number;
  readonly name: number;
  readonly choice: number;
}

const weights: Readonly<Record<Change["kind"], number>> = {
  write: 6,
  folder: 2,
  nest: 6,
  copy: 3,
  protect: 4,
  lock: 5,
  remove: 4,
};

export const changeDraws: fc.Arbitrary<ChangeDraw> = fc.record({
  kind: fc.oneof(
    ...Object.entries(weights).map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind as Change["kind"]) })),
  ),
  place: fc.nat(99),
  name: fc.nat(99),
  choice: fc.nat(99),
});

/** A character for each byte. Some look like words of programs that print names as they are, one is no UTF-8. */
const names = [
  "a",
  "b",
  "c",
  "\xff\xfe",
  "x\nID 256 gen 1 top level 5 path y",
  "-rf",
  "d e\\n\t*",
  "lost+found",
] as const;
const deepest = 4;
const mostEntries = 40;
const locks: readonly Lock[] = ["i", "a"];

/** The changes a draw stands for, as the tree is by then: possible ones, each after the one before. */
export function changesOf({ kind, place, name, choice }: ChangeDraw, tree: Tree, turn: number): readonly Change[] {
  if (tree.size === 0) return beginning;
  const text = `in turn ${turn}\n`;
  const folders = [...tree].filter(([path, entry]) => isFolder(entry) && isPlace(path) && takesEntries(tree, path));
  const write = writeIn(tree, pick(folders, place)?.[0], pick(names, name), text);
  const instead = write === undefined ? [] : [write];
  const oneOf = (change: Change | undefined) => (change === undefined ? instead : [change]);
  switch (kind) {
    case "write":
      return instead;
    case "folder":
    case "nest":
      return oneOf(making(kind, tree, pick(folders, place)?.[0], pick(names, name)));
    case "copy": {
      const from = pick(subvolumes(tree), choice);
      const made = making("nest", tree, pick(folders, place)?.[0], pick(names, name));
      // None into itself: what that is depends on which came first.
      if (from === undefined || made === undefined || isWithin(made.path, from)) return instead;
      return [{ kind, path: made.path, from, readOnly: choice % 2 === 0 }];
    }
    case "protect": {
      const path = pick(subvolumes(tree), place);
      return path === undefined ? instead : [{ kind, path, readOnly: tree.get(path)?.readOnly === undefined }];
    }
    case "lock": {
      const lockable = [...tree].filter(
        ([path, entry]) => entry.kind !== "hollow" && isPlace(path) && isWritable(tree, path),
      );
      const found = pick(lockable, place);
      if (found === undefined) return instead;
      const [path, entry] = found;
      return [{ kind, path, lock: entry.lock === undefined ? pick(locks, choice) : undefined }];
    }
    case "remove": {
      const found = pick(
        [...tree].filter(([path, entry]) => isRemovable(tree, path, entry)),
        place,
      );
      return found === undefined ? instead : [{ kind, path: found[0], what: found[1].kind }];
    }
  }
}

function making(kind: "folder" | "nest", tree: Tree, folder: string | undefined, name: string): Change | undefined {
  if (folder === undefined || tree.size > mostEntries) return undefined;
  const path = `${folder}/${name}`;
  const depth = path.split("/").length;
  return tree.has(path) || depth > deepest + 1 ? undefined : { kind, path };
}

function writeIn(tree: Tree, folder: string | undefined, name: string, text: string): Change | undefined {
  if (folder === undefined) return undefined;
  const path = `${folder}/${name}`;
  const there = tree.get(path);
  if (there === undefined) return tree.size > mostEntries ? undefined : { kind: "write", path, text, append: false };
  if (there.kind !== "file" || there.lock === "i") return undefined;
  return { kind: "write", path, text, append: there.lock === "a" };
}

function isRemovable(tree: Tree, path: string, entry: Entry): boolean {
  const folder = parentOf(path);
  // A subvolume goes with the files in it, but not with subvolumes that are nested in it.
  const isInTheWay = (kind: Entry["kind"]) => entry.kind !== "subvolume" || kind === "subvolume";
  const isEmpty = ![...tree].some(([other, { kind }]) => other !== path && isWithin(other, path) && isInTheWay(kind));
  const isUnlocked = entry.lock === undefined && tree.get(folder)?.lock === undefined;
  return !roots.includes(path) && isPlace(path) && isEmpty && isUnlocked && isWritable(tree, folder);
}

function takesEntries(tree: Tree, path: string): boolean {
  return tree.get(path)?.lock !== "i" && isWritable(tree, path);
}

function isWritable(tree: Tree, path: string): boolean {
  const around = subvolumeOf(tree, path);
  return around === undefined || tree.get(around)?.readOnly === undefined;
}

const isFolder = ({ kind }: Entry) => kind === "folder" || kind === "subvolume";

/** Where the workload does as it likes. */
const isPlace = (path: string) => roots.some((root) => isWithin(path, root));

const subvolumes = (tree: Tree) => [...tree].flatMap(([path, { kind }]) => (kind === "subvolume" ? [path] : []));

function pick<T>(from: readonly [T, ...T[]], number: number): T;
function pick<T>(from: readonly T[], number: number): T | undefined;
function pick<T>(from: readonly T[], number: number): T | undefined {
  return from[number % from.length];
}
