import type { DatasetId, DatasetUsage, Occupied } from "@dockersnap/core";
import { CommandError } from "../process/commandError.ts";
import { type ExtentUse, eachExtent } from "./extents.ts";
import { type Member, readFamily } from "./family.ts";
import { Holders } from "./holders.ts";
import { kindOf } from "./subvolume.ts";

/** A pool of thousands of snapshots that were never measured takes some minutes. */
const longestMs = 1_800_000;

type Usages = ReadonlyMap<DatasetId, DatasetUsage>;

/**
 * Measures what the datasets of a pool occupy, all at once, for any of them may share with any other. btrfs could keep
 * account itself, with quota groups; but with those a snapshot of a much-snapshotted dataset takes seconds instead of
 * milliseconds. So the extents of every subvolume are listed when somebody asks: of a snapshot only what is newer than the
 * second one before it, because what is older is held by that one's successor too.
 */
export class UsageMeter {
  readonly #pool: string;
  /** Of snapshots, by subvolume id: they never change. */
  readonly #referenced = new Map<number, number>();
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
    const bounds = boundsOf(family);
    const holders = new Holders();
    const referenced = new Map<number, number>();
    const datasets = [...Map.groupBy(family, ({ dataset }) => dataset)];
    for (const [number, [, members]] of datasets.entries()) {
      for (const member of members) {
        const enter = (start: number, reach: number) => holders.add(start, reach, member.id, number);
        referenced.set(member.id, await this.#list(member, bounds.get(member.id) ?? 0, enter, signal));
      }
    }
    for (const id of this.#referenced.keys()) if (!referenced.has(id)) this.#referenced.delete(id);

    const alone = holders.aloneBySubvolume();
    const freed = holders.aloneByDataset();
    const occupied = (member: Member | undefined): Occupied => ({
      referenced: referenced.get(member?.id ?? 0) ?? 0,
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

  /** Enter the extents of a subvolume that were written since its bound; gives the bytes all of its files refer to. */
  async #list(
    { id, path, label }: Member,
    bound: number,
    enter: (start: number, reach: number) => void,
    signal: AbortSignal,
  ): Promise<number> {
    const known = label === undefined ? undefined : this.#referenced.get(id);
    let referenced = 0;
    try {
      const use = ({ start, length, reach, generation }: ExtentUse) => {
        referenced += length;
        if (start !== 0 && generation >= bound) enter(start, reach);
      };
      await eachExtent(path, known === undefined ? 0 : bound, use, signal);
    } catch (error) {
      // Removed meanwhile.
      if (error instanceof CommandError && error.reason === "exit" && (await kindOf(path)) === "absent") return 0;
      throw error;
    }
    if (known !== undefined) return known;
    if (label !== undefined) this.#referenced.set(id, referenced);
    return referenced;
  }
}

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
