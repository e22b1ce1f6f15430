import { chmod, chown, type FileHandle, mkdir, rename } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { NestedMove } from "./copies.ts";
import { inside, openBelow } from "./open-below.ts";
import {
  copyInto,
  type Entry,
  fasten,
  folderIn,
  inLocked,
  isThere,
  loosen,
  obstaclesOf,
  pathIn,
} from "./part-files.ts";
import type { Part, PartsRecord } from "./parts-record.ts";
import { rootInode } from "./subvolume.ts";
import type { Subvolume } from "./subvolume-list.ts";

/** Where each thing goes, with the folders for it that are not there, and the subvolumes that they lie in. */
export async function survey(tree: string, snapshot: string, paths: readonly string[]) {
  const parts: Part[] = [];
  const made = new Set<string>();
  for (const path of paths) {
    const [isInSnapshot, { around, missing }] = await Promise.all([
      isThere(snapshot, path),
      walk(tree, parentOf(path)),
    ]);
    if (missing.length > 0 && !isInSnapshot) continue;
    for (const folder of missing) made.add(folder);
    const fresh = isInSnapshot ? { fresh: { flags: 0, readOnly: false } } : {};
    parts.push({ path, around, folderFlags: 0, ...fresh });
  }
  const places = [];
  for (const path of new Set(parts.map(({ around }) => around))) {
    await using folder = await openBelow(tree, Buffer.from(path));
    const [itself] = await obstaclesOf([{ folder, name: "." }]);
    places.push({ path, flags: itself?.folderFlags ?? 0 });
  }
  return { parts, made: [...made], places };
}

/** The innermost subvolume on the way to a folder, and which folders of that way are not there. */
async function walk(tree: string, folder: string) {
  const names = folder === "" ? [] : folder.split("/");
  const ways = names.map((_, index) => names.slice(0, index + 1).join("/"));
  let around = "";
  for (const [index, path] of ways.entries()) {
    await using found = await folderIn(tree, path);
    if (found === undefined) return { around, missing: ways.slice(index) };
    if ((await found.stat()).ino === rootInode) around = path;
  }
  return { around, missing: [] };
}

/** A folder with the owner and the mode it has in the snapshot. */
export async function makeAsIn(snapshot: string, tree: string, path: string): Promise<void> {
  await using around = await openBelow(tree, Buffer.from(parentOf(path)));
  await using source = await openBelow(snapshot, Buffer.from(path));
  const { mode, uid, gid } = await source.stat();
  const place = inside(around, Buffer.from(basename(path)));
  await mkdir(place, { mode: 0o700 });
  await chown(place, uid, gid);
  await chmod(place, mode & 0o7777);
}

export async function copyParts(
  snapshot: string,
  stage: FileHandle,
  around: string,
  parts: readonly Part[],
  signal: AbortSignal,
): Promise<void> {
  await using handles = new AsyncDisposableStack();
  const sources = [];
  for (const [index, part] of parts.entries()) {
    if (part.around !== around || part.fresh === undefined) continue;
    const folder = handles.use(await openBelow(snapshot, Buffer.from(parentOf(part.path))));
    sources.push({ folder, name: basename(part.path), as: freshName(index) });
  }
  await copyInto(stage, sources, signal);
}

/** Subvolumes of the snapshot that are parts, or lie in one, with where in the stage they are to be. */
export function nestedMoves(nested: readonly Subvolume[], record: PartsRecord): readonly NestedMove[] {
  return nested.flatMap((source) => {
    const index = record.parts.findIndex(({ path }) => {
      const way = Buffer.from(`${path}/`);
      return Buffer.concat([source.path, Buffer.from("/")])
        .subarray(0, way.length)
        .equals(way);
    });
    const part = record.parts[index];
    if (part === undefined) return [];
    const rest = source.path.subarray(Buffer.byteLength(part.path));
    return [{ source, path: Buffer.concat([Buffer.from(freshIn(record, index)), rest]) }];
  });
}

/** The parts with what is there, what is to come there, and what keeps either from being moved. */
export async function withObstacles(
  tree: string,
  record: PartsRecord,
  readOnly: ReadonlySet<string>,
): Promise<readonly Part[]> {
  await using handles = new AsyncDisposableStack();
  const all: Entry[] = [];
  for (const index of record.parts.keys()) {
    const { place, fresh } = handles.use(await openEnds(tree, record, index));
    all.push(place, fresh);
  }
  const found = await obstaclesOf(all);
  return record.parts.map(({ path, around }, index) => {
    const [there, copy] = found.slice(2 * index);
    const isLocked = readOnly.has(freshIn(record, index));
    return {
      path,
      around,
      folderFlags: there?.folderFlags ?? 0,
      ...(there?.locks === undefined ? {} : { old: there.locks }),
      ...(copy?.locks === undefined ? {} : { fresh: { ...copy.locks, readOnly: isLocked } }),
    };
  });
}

/** What is there goes aside, and the copy into its place. */
export async function moveIn(tree: string, record: PartsRecord, index: number): Promise<void> {
  const part = partAt(record, index);
  await using ends = await openEnds(tree, record, index);
  await inLocked(ends.place.folder, part.folderFlags, async () => {
    if (part.old !== undefined) {
      await loosen(ends.place, part.old);
      await move(ends.place, ends.old);
    }
    if (part.fresh !== undefined) {
      await loosen(ends.fresh, { ...part.fresh, readOnly: false });
      await move(ends.fresh, ends.place);
      await fasten(ends.place, part.fresh);
    }
  });
}

/** As before `moveIn`, however far that came. */
export async function moveBack(tree: string, record: PartsRecord, index: number): Promise<void> {
  const part = partAt(record, index);
  await using ends = await openEnds(tree, record, index);
  const [place, old, fresh] = await obstaclesOf([ends.place, ends.old, ends.fresh]);
  const hasMoved =
    part.old === undefined ? part.fresh !== undefined && fresh?.locks === undefined : old?.locks !== undefined;
  await inLocked(ends.place.folder, part.folderFlags, async () => {
    if (hasMoved && place?.locks !== undefined) {
      await loosen(ends.place, place.locks);
      await move(ends.place, ends.back);
    }
    if (old?.locks !== undefined) await move(ends.old, ends.place);
    if (part.old !== undefined) await fasten(ends.place, part.old);
  });
}

/** Where a part is, and the three places in the stage it can be in. */
async function openEnds(tree: string, record: PartsRecord, index: number) {
  const { path, around } = partAt(record, index);
  await using handles = new AsyncDisposableStack();
  const folder = handles.use(await openBelow(tree, Buffer.from(parentOf(path))));
  const stage = handles.use(await openBelow(tree, Buffer.from(stageIn(around, record))));
  const kept = handles.move();
  return {
    place: { folder, name: basename(path) },
    fresh: { folder: stage, name: freshName(index) },
    old: { folder: stage, name: `${index}.old` },
    back: { folder: stage, name: `${index}.back` },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function move(from: Entry, to: Entry): Promise<void> {
  await rename(pathIn(from), pathIn(to));
}

function partAt(record: PartsRecord, index: number): Part {
  const part = record.parts[index];
  if (part === undefined) throw new Error(`The record ${record.stage} has no part ${index}`);
  return part;
}

function freshName(index: number): string {
  return `${index}.new`;
}

/** Path in the tree. */
export function freshIn(record: PartsRecord, index: number): string {
  return `${stageIn(partAt(record, index).around, record)}/${freshName(index)}`;
}

export function stageIn(around: string, { stage }: PartsRecord): string {
  return around === "" ? stage : `${around}/${stage}`;
}

export function parentOf(path: string): string {
  const parent = dirname(path);
  return parent === "." ? "" : parent;
}
