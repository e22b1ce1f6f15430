import { lstat, realpath } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { instanceNamePattern, snapshotLabelPattern } from "@dockersnap/contract/words";
import type { DatasetId, Label } from "@dockersnap/core";
import { run } from "../process/run.ts";
import { rootInode } from "./subvolume.ts";

/** A subvolume of the pool: a dataset, or a snapshot of one. */
export interface Member {
  readonly id: number;
  readonly dataset: DatasetId;
  readonly label: Label | undefined;
  readonly path: string;
  /** Of its making: what is newer than that was written later. */
  readonly made: number;
  /** UUID of what it was made from, there or not; undefined for one that began empty. */
  readonly parent: string | undefined;
}

/** Every dataset and snapshot of the pool, as btrfs knows them. */
export async function readFamily(pool: string, signal: AbortSignal): Promise<readonly Member[]> {
  const [root, below, list] = await Promise.all([
    btrfs(["inspect-internal", "rootid", pool], signal),
    pathInSubvolume(pool),
    btrfs(["subvolume", "list", "-cq", pool], signal),
  ]);
  const container = Number(root.trim());
  return parseFamily(list)
    .filter(({ within }) => within === container)
    .flatMap(({ path, ...rest }) => {
      const [kind, dataset = "", label, ...more] = path.startsWith(below) ? path.slice(below.length).split("/") : [];
      const isDataset = kind === "instances" && label === undefined && instanceNamePattern.test(dataset);
      const isSnapshot = kind === "snapshots" && snapshotLabelPattern.test(label ?? "") && more.length === 0;
      if (!isDataset && !isSnapshot) return [];
      const { within: _within, ...member } = rest;
      return [{ ...member, dataset, label, path: join(pool, path.slice(below.length)) }];
    });
}

interface Listed extends Pick<Member, "id" | "made" | "parent"> {
  /** The subvolume it lies in. */
  readonly within: number;
  /** From there. */
  readonly path: string;
}

/** The lines of `btrfs subvolume list -cq`. */
export function parseFamily(text: string): readonly Listed[] {
  const line = /^ID (\d+) gen \d+ cgen (\d+) top level (\d+) parent_uuid (\S+) +path (.+)$/gm;
  return [...text.matchAll(line)].map(([, id, made, within, parent = "-", path = ""]) => ({
    id: Number(id),
    made: Number(made),
    within: Number(within),
    parent: parent === "-" ? undefined : parent,
    path,
  }));
}

/** Where a folder lies in its subvolume: nothing, or a path that ends in a slash. */
async function pathInSubvolume(folder: string): Promise<string> {
  const place = await realpath(folder);
  let root = place;
  while ((await lstat(root)).ino !== rootInode) root = dirname(root);
  const path = relative(root, place);
  return path === "" ? "" : `${path}/`;
}

async function btrfs(args: readonly string[], signal: AbortSignal): Promise<string> {
  return (await run("btrfs", args, { signal, timeoutMs: 120_000, maxOutput: 64 * 1_048_576 })).stdout;
}
