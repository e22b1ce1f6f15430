import type { DatasetId, DatasetUsage, Occupied } from "@dockersnap/core";
import { CommandError } from "../process/commandError.ts";
import { type ExtentUse, eachExtent } from "./extents.ts";
import { type Member, readFamily } from "./family.ts";
import { Holders } from "./holders.ts";
import { kindOf } from "./subvolume.ts";

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
    const family = await readFamily(this.#pool, signal);
    const listings = await this.#listAll(family, signal);

    const holders = new Holders();
    const datasets = [...Map.groupBy(family, ({ dataset }) => dataset)];
    for (const [number, [, members]] of datasets.entries()) {
      for (const { id } of members) {
        const { starts, reaches } = listings.get(id) ?? nothing;
        for (const [index, start] of starts.entries()) holders.add(start, reaches[index] ?? 0, id, number);
      }
    }
    const alone = holders.aloneBySubvolume();
    const freed = holders.aloneByDataset();
    const occupied = (member: Member | undefined): Occupied => ({
      referenced: listings.get(member?.id ?? 0)?.referenced ?? 0,
      exclusive: alone.get(member?.id ?? 0) ?? 0,
    });
    const usages = datasets.map(([dataset, members], number): [DatasetId, DatasetUsage] => [
      dataset,
      {
        dataset: occupied(members.find(({ label }) => label === undefined)),
        snapshots: Object.fromEntries(
          members.flatMap((one) => (one.label === undefined ? [] : [[one.label, occupied(one)]])),
        ),
        freedByRemoval: freed.get(number) ?? 0,
      },
    ]);
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

  async #list({ id, path, label }: Member, bound: number, signal: AbortSignal): Promise<Listing> {
    const known = label === undefined ? undefined : this.#kept.get(id);
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
    try {
      await eachExtent(path, known === undefined ? 0 : bound, use, signal);
    } catch (error) {
      // Removed meanwhile.
      if (error instanceof CommandError && error.reason === "exit" && (await kindOf(path)) === "absent") return nothing;
      throw error;
    }
    return {
      referenced: known?.referenced ?? referenced,
      bound,
      starts: Float64Array.from(starts),
      reaches: Float64Array.from(reaches),
    };
  }
}

/** Of a subvolume that is gone; its bound is no generation's. */
const nothing: Listing = { referenced: 0, bound: -1, starts: new Float64Array(), reaches: new Float64Array() };

/**
 * From which generation on each subvolume's extents have to be listed. Snapshots of one tree follow each other: what one
 * holds and was there when the one before it was taken, that one holds too. The first two are listed whole: what the tree
 * itself began with is only known from them.
 */
function boundsOf(family: readonly Pick<Member, "id" | "label" | "made" | "parent">[]): ReadonlyMap<number, number> {
  const lines = Map.groupBy(
    family.filter(({ label }) => label !== undefined),
    ({ parent }) => parent,
  );
  return new Map(
    [...lines.values()].flatMap((line) => {
      const inOrder = line.toSorted((a, b) => a.made - b.made || a.id - b.id);
      return inOrder.map(({ id }, index) => [id, inOrder[index - 2]?.made ?? 0] as const);
    }),
  );
}
