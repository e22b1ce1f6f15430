import { DockersnapError } from "@dockersnap/contract/words";
import type { DatasetId, DatasetUsage, Occupied } from "@dockersnap/core";
import { type ExtentUse, eachExtent } from "./extents.ts";
import { type Member, readFamily } from "./family.ts";
import { Holders } from "./holders.ts";
import { syncFilesystem } from "./subvolume.ts";

/** A pool of thousands of snapshots that were never measured takes some minutes. */
const longestMs = 1_800_000;

/** The listings go side by side this many at a time: each keeps a core busy. */
const listingsAtOnce = 2;

/** Extents of snapshots that are kept from one measurement to the next, in all: 32 bytes each. */
const mostKept = 1_000_000;

type Usages = ReadonlyMap<DatasetId, DatasetUsage>;

/** What was found of a subvolume: its uses of extents that were written since its bound. */
interface Listing {
  readonly referenced: number;
  /** Of that, what is kept beside the names of files, in no extent. */
  readonly within: number;
  readonly bound: number;
  readonly starts: Float64Array;
  readonly lengths: Float64Array;
  readonly wholes: Float64Array;
}

/** How often it is looked anew when a snapshot or a dataset went away meanwhile. */
const mostLooks = 5;

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
    const mine = this.#lookUntilWhole().finally(() => {
      if (this.#measuring === mine) this.#measuring = undefined;
    });
    this.#measuring = mine;
    return mine;
  }

  /** Something was taken, removed or put in another's place: who asks from now on does not get what is under way. */
  changed(): void {
    this.#measuring = undefined;
  }

  /** A tree that is no longer there would be told of as holding nothing, and others as holding alone what it shared. */
  async #lookUntilWhole(): Promise<Usages> {
    const signal = AbortSignal.timeout(longestMs);
    for (let looks = 0; looks < mostLooks; looks += 1) {
      const usages = await this.#look(signal);
      if (usages !== undefined) return usages;
    }
    throw new DockersnapError(
      "not_ready",
      "What is held cannot be measured while snapshots are taken and removed this often. Ask again when less is going on.",
    );
  }

  /** Undefined when the trees are others afterwards. */
  async #look(signal: AbortSignal): Promise<Usages | undefined> {
    await syncFilesystem(this.#pool);
    const family = await readFamily(this.#pool);
    const listings = await this.#listAll(family, signal);
    // One that is nested in a tree and was deleted holds nothing, and its tree is there all the same.
    if (family.some(({ id, path }) => path.length === 0 && !listings.has(id))) return undefined;

    const holders = new Holders();
    const trees = [...Map.groupBy(family, ({ tree }) => tree).values()];
    const datasets = [...Map.groupBy(trees.entries(), ([, [of]]) => of?.dataset ?? "")];
    for (const [dataset, [, own]] of datasets.entries()) {
      for (const [tree, members] of own) {
        for (const { id } of members) {
          const { starts, wholes } = listings.get(id) ?? nothing;
          for (const [index, start] of starts.entries()) holders.add(start, wholes[index] ?? 0, tree, dataset);
        }
      }
    }
    const alone = holders.aloneByTree();
    const freed = holders.aloneByDataset();
    const occupied = ([tree, members]: readonly [number, readonly Member[]]): Occupied => {
      const of = members.map(({ id }) => listings.get(id) ?? nothing);
      return {
        referenced: of.reduce((sum, { referenced }) => sum + referenced, 0),
        shared: of.reduce((sum, listing) => sum + sharedOf(listing, holders), 0),
        exclusive: alone.get(tree) ?? 0,
      };
    };
    const usages = datasets.map(([dataset, own], number): [DatasetId, DatasetUsage] => {
      const present = own.find(([, [of]]) => of?.label === undefined);
      const labelled = own.flatMap((tree) =>
        tree[1][0]?.label === undefined ? [] : [[tree[1][0].label, tree] as const],
      );
      return [
        dataset,
        {
          dataset: present === undefined ? { referenced: 0, shared: 0, exclusive: 0 } : occupied(present),
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
        const listing = await this.#list(member, bounds.get(member.id) ?? 0, signal);
        if (listing !== undefined) listings.set(member.id, listing);
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
      const { referenced, within } = listing;
      this.#kept.set(id, room >= 0 ? listing : { ...nothing, referenced, within });
    }
    return listings;
  }

  /** Undefined when it is gone. */
  async #list(member: Member, bound: number, signal: AbortSignal): Promise<Listing | undefined> {
    const known = member.label === undefined ? undefined : this.#kept.get(member.id);
    if (known?.bound === bound) return known;
    const [starts, lengths, wholes]: [number[], number[], number[]] = [[], [], []];
    let [referenced, within] = [0, 0];
    const use = ({ start, length, whole, generation }: ExtentUse) => {
      referenced += length;
      if (start === 0) within += length;
      if (start === 0 || generation < bound) return;
      starts.push(start);
      lengths.push(length);
      wholes.push(whole);
    };
    const since = known === undefined ? 0 : bound;
    if (!(await eachExtent(this.#pool, { id: member.id, since }, use, signal))) return undefined;
    return {
      referenced: known?.referenced ?? referenced,
      within: known?.within ?? within,
      bound,
      starts: Float64Array.from(starts),
      lengths: Float64Array.from(lengths),
      wholes: Float64Array.from(wholes),
    };
  }
}

/** Bytes in extents that other trees hold too. Extents from before the bound are: that is what the bound says. */
function sharedOf({ referenced, within, starts, lengths }: Listing, holders: Holders): number {
  let alone = 0;
  for (const [index, start] of starts.entries()) if (!holders.isShared(start)) alone += lengths[index] ?? 0;
  return referenced - within - alone;
}

/** Of a subvolume that is gone; its bound is no generation's. */
const none = new Float64Array();
const nothing: Listing = { referenced: 0, within: 0, bound: -1, starts: none, lengths: none, wholes: none };

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
