import type { FileHandle } from "node:fs/promises";
import type { DatasetId, DatasetUsage, Occupied } from "@dockersnap/core";
import { hasErrno } from "../process/errno.ts";
import { type ExtentUse, eachExtent } from "./extents.ts";
import { type Member, readFamily } from "./family.ts";
import { Holders } from "./holders.ts";
import { openBelow, pathOf } from "./open-below.ts";
import { isRefusal, rootId } from "./subvolume.ts";

/** A pool of thousands of snapshots that were never measured takes some minutes. */
const longestMs = 1_800_000;

/** The listings go side by side this many at a time: each keeps a core busy. */
const listingsAtOnce = 2;

/** Extents of snapshots that are kept from one measurement to the next, in all: 16 bytes each. */
const mostKept = 1_000_000;

type Usages = ReadonlyMap<DatasetId, DatasetUsage>;

/** What was found of a subvolume: the extents it holds that were written since its bound, by their starts. */
interface Listing {
  readonly referenced: number;
  readonly bound: number;
  readonly starts: Float64Array;
  readonly reaches: Float64Array;
}

/**
 * Measures what the datasets of a pool occupy, all at once, for any of them may share with any other. btrfs could keep
 * account itself, with quota groups; but with those a snapshot of a much-snapshotted dataset takes seconds instead of
 * milliseconds. So the extents of every subvolume are listed when somebody asks: of a snapshot, which never changes, once,
 * and only what is newer than the second one before it counts, because what is older is held by that one's successor too.
 */
export class UsageMeter {
  readonly #pool: string;
  /** Of snapshots, by subvolume id. */
  readonly #kept = new Map<number, Listing>();
  #measuring: Promise<Usages> | undefined;

  constructor(pool: string) {
    this.#pool = pool;
  }

  /** Of every dataset there is. Whoever asks while a measurement is under way gets that one. */
  measure(): Promise<Usages> {
    if (this.#measuring !== undefined) return this.#measuring;
    const mine = this.#look().finally(() => {
      if (this.#measuring === mine) this.#measuring = undefined;
    });
    this.#measuring = mine;
    return mine;
  }

  /** Something was taken, removed or put in another's place: who asks from now on does not get what is under way. */
  changed(): void {
    this.#measuring = undefined;
  }

  async #look(): Promise<Usages> {
    const signal = AbortSignal.timeout(longestMs);
    const family = await readFamily(this.#pool);
    const listings = await this.#listAll(family, signal);

    const holders = new Holders();
    const trees = [...Map.groupBy(family, ({ tree }) => tree).values()];
    const datasets = [...Map.groupBy(trees.entries(), ([, [of]]) => of?.dataset ?? "")];
    for (const [dataset, [, own]] of datasets.entries()) {
      for (const [tree, members] of own) {
        for (const { id } of members) {
          const { starts, reaches } = listings.get(id) ?? nothing;
          for (const [index, start] of starts.entries()) holders.add(start, reaches[index] ?? 0, tree, dataset);
        }
      }
    }
    const alone = holders.aloneByTree();
    const freed = holders.aloneByDataset();
    const occupied = ([tree, members]: readonly [number, readonly Member[]]): Occupied => ({
      referenced: members.reduce((sum, { id }) => sum + (listings.get(id)?.referenced ?? 0), 0),
      exclusive: alone.get(tree) ?? 0,
    });
    const usages = datasets.map(([dataset, own], number): [DatasetId, DatasetUsage] => {
      const present = own.find(([, [of]]) => of?.label === undefined);
      const labelled = own.flatMap((tree) =>
        tree[1][0]?.label === undefined ? [] : [[tree[1][0].label, tree] as const],
      );
      return [
        dataset,
        {
          dataset: present === undefined ? { referenced: 0, exclusive: 0 } : occupied(present),
          snapshots: Object.fromEntries(labelled.map(([label, tree]) => [label, occupied(tree)])),
          freedByRemoval: freed.get(number) ?? 0,
        },
      ];
    });
    return new Map(usages);
  }

  async #listAll(family: readonly Member[], signal: AbortSignal): Promise<ReadonlyMap<number, Listing>> {
    const bounds = boundsOf(family);
    const listings = new Map<number, Listing>();
    const queue = [...family];
    const worker = async () => {
      for (let member = queue.shift(); member !== undefined; member = queue.shift()) {
        listings.set(member.id, await this.#list(member, bounds.get(member.id) ?? 0, signal));
      }
    };
    await Promise.all(Array.from({ length: listingsAtOnce }, worker));

    this.#kept.clear();
    let room = mostKept;
    for (const { id, label } of family) {
      const listing = listings.get(id);
      if (label === undefined || listing === undefined) continue;
      room -= listing.starts.length;
      // What it refers to as a whole is the dearer part, and is kept always.
      this.#kept.set(id, room >= 0 ? listing : { ...nothing, referenced: listing.referenced });
    }
    return listings;
  }

  async #list(member: Member, bound: number, signal: AbortSignal): Promise<Listing> {
    const known = member.label === undefined ? undefined : this.#kept.get(member.id);
    if (known?.bound === bound) return known;
    const starts: number[] = [];
    const reaches: number[] = [];
    let referenced = 0;
    const use = ({ start, length, reach, generation }: ExtentUse) => {
      referenced += length;
      if (start === 0 || generation < bound) return;
      starts.push(start);
      reaches.push(reach);
    };
    const isThere = await eachExtentOf(member, known === undefined ? 0 : bound, use, signal);
    if (!isThere) return nothing;
    return {
      referenced: known?.referenced ?? referenced,
      bound,
      starts: Float64Array.from(starts),
      reaches: Float64Array.from(reaches),
    };
  }
}

/** False when it was removed, or moved, meanwhile. */
async function eachExtentOf(
  member: Member,
  since: number,
  use: (extent: ExtentUse) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const opened = await openMember(member);
  if (opened === undefined) return false;
  await using subvolume = opened;
  try {
    await eachExtent(pathOf(subvolume), since, use, signal);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const now = await openMember(member);
    await now?.close();
    if (now !== undefined) throw error;
    return false;
  }
  return true;
}

async function openMember({ id, tree, path }: Member): Promise<FileHandle | undefined> {
  const opened = await openBelow(tree, path).catch((error: unknown) => {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
    throw error;
  });
  // The names on the way to one that is nested are the workload's.
  if (opened === undefined || path.length === 0 || (await rootId(pathOf(opened))) === id) return opened;
  await opened.close();
  return undefined;
}

/** Of a subvolume that is gone; its bound is no generation's. */
const nothing: Listing = { referenced: 0, bound: -1, starts: new Float64Array(), reaches: new Float64Array() };

/**
 * From which generation on each subvolume's extents have to be listed. Snapshots of one tree follow each other: what one
 * holds and was there when the one before it was taken, that one holds too. The first two are listed whole: what the tree
 * itself began with is only known from them.
 */
function boundsOf(family: readonly Pick<Member, "id" | "label" | "made" | "origin">[]): ReadonlyMap<number, number> {
  const lines = Map.groupBy(
    family.filter(({ label }) => label !== undefined),
    ({ origin }) => origin,
  );
  return new Map(
    [...lines.values()].flatMap((line) => {
      const inOrder = line.toSorted((a, b) => a.made - b.made || a.id - b.id);
      return inOrder.map(({ id }, index) => [id, inOrder[index - 2]?.made ?? 0] as const);
    }),
  );
}
