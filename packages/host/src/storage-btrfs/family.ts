import { lstat, realpath } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { instanceNamePattern, snapshotLabelPattern } from "@dockersnap/contract/words";
import type { DatasetId, Label } from "@dockersnap/core";
import { rootInode } from "./subvolume.ts";
import { type Subvolume, subvolumesBelow } from "./subvolume-list.ts";

/** A subvolume of the pool that is a dataset or a snapshot of one, or is nested in such a tree. */
export interface Member extends Pick<Subvolume, "id" | "made" | "origin"> {
  readonly dataset: DatasetId;
  readonly label: Label | undefined;
  /** Of the dataset or snapshot. */
  readonly tree: string;
  /** From there; empty for the tree itself. */
  readonly path: Buffer;
}

const slash = Buffer.from("/");

/** Every subvolume of every dataset and snapshot of the pool, as the kernel knows them. */
export async function readFamily(pool: string): Promise<readonly Member[]> {
  const [below, subvolumes] = await Promise.all([pathInSubvolume(pool), subvolumesBelow(pool)]);
  const members = new Map<number, Member>();
  // Each comes after the one it lies in.
  for (const { id, parent, made, origin, path } of subvolumes) {
    const around = members.get(parent);
    const place = around ?? treeAt(pool, below, path);
    if (place === undefined) continue;
    const { dataset, label, tree } = place;
    const length = around === undefined ? path.length : Buffer.byteLength(below + relative(pool, tree)) + slash.length;
    members.set(id, { id, made, origin, dataset, label, tree, path: path.subarray(length) });
  }
  return [...members.values()];
}

/** The dataset or snapshot whose own path this is. */
function treeAt(pool: string, below: string, bytes: Buffer): Pick<Member, "dataset" | "label" | "tree"> | undefined {
  const path = bytes.toString();
  if (!path.startsWith(below)) return undefined;
  const [kind, dataset = "", label, ...more] = path.slice(below.length).split("/");
  const isDataset = kind === "instances" && label === undefined && instanceNamePattern.test(dataset);
  const isSnapshot = kind === "snapshots" && snapshotLabelPattern.test(label ?? "") && more.length === 0;
  return isDataset || isSnapshot ? { dataset, label, tree: join(pool, path.slice(below.length)) } : undefined;
}

/** Where a folder lies in its subvolume: nothing, or a path that ends in a slash. */
async function pathInSubvolume(folder: string): Promise<string> {
  const place = await realpath(folder);
  let root = place;
  while ((await lstat(root)).ino !== rootInode) root = dirname(root);
  const path = relative(root, place);
  return path === "" ? "" : `${path}/`;
}
