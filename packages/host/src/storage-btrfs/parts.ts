import { mkdir, rmdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { SetAside } from "@dockersnap/core";
import { hasErrno } from "../process/errno.ts";
import { type Copies, protect } from "./copies.ts";
import { type Member, readFamily } from "./family.ts";
import { holderOf } from "./holder-of.ts";
import { inside, openBelow } from "./open-below.ts";
import type { OwnFolder } from "./own-folder.ts";
import { clear, folderIn, inLocked, makePlain, pathIn } from "./part-files.ts";
import {
  copyParts,
  freshIn,
  makeAsIn,
  moveBack,
  moveIn,
  nestedMoves,
  parentOf,
  stageIn,
  survey,
  withObstacles,
} from "./part-moves.ts";
import { type PartsRecord, PartsRecords } from "./parts-record.ts";
import type { Removal } from "./removal.ts";
import { isSubvolume, rootId, syncFilesystem } from "./subvolume.ts";
import { subvolumesBelow } from "./subvolume-list.ts";

/** A tree, and the dataset whose it is, for people. */
interface Place {
  readonly tree: string;
  readonly dataset: string;
}

interface Request extends Place {
  readonly snapshot: string;
  /** None within another. */
  readonly paths: readonly string[];
  readonly signal: AbortSignal;
  /** Called once the parts are in their places. */
  readonly settled: () => Promise<void>;
}

interface Surroundings {
  readonly pool: string;
  readonly own: OwnFolder;
  readonly copies: Copies;
  readonly removal: Removal;
  /** Do something with a dataset that its quota must not prevent. */
  readonly unbounded: (dataset: string, work: () => Promise<void>) => Promise<void>;
}

/**
 * Puts parts of trees back to what they are in a snapshot. All are copied into a folder of the tree itself, for files are not
 * renamed across subvolumes; then what is there is moved aside, and the copy into its place. What was moved is recorded
 * outside of the tree before that, so that it is moved back when it cannot be brought to its end, or is killed.
 */
export class Parts {
  readonly #around: Surroundings;
  readonly #records: PartsRecords;
  /** Why what waits in a stage was not deleted the last time, by its name; and stages of reverts that are under way. */
  readonly #reasons = new Map<string, string>();
  readonly #underWay = new Set<string>();

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
    this.#records = new PartsRecords(surroundings.own.parts);
  }

  /** On disk when it resolves. When it rejects all is as before, or `finish` makes it so. */
  async restore(request: Request): Promise<void> {
    await this.finish(request);
    const begun = { ...this.#records.fresh(), ...(await survey(request.tree, request.snapshot, request.paths)) };
    if (begun.parts.length === 0) return;
    this.#underWay.add(begun.stage);
    try {
      await this.#replace(begun, request);
      await this.finish(request);
    } catch (error) {
      await this.finish(request).catch((left: unknown) => {
        throw new AggregateError([error, left], error instanceof Error ? error.message : String(error));
      });
      throw error;
    } finally {
      this.#underWay.delete(begun.stage);
    }
  }

  /** Bring what was cut short to an end: what was moved goes back, and what is rubbish then is deleted. */
  async finish(place: Place): Promise<void> {
    if ((await this.#records.trees()).size === 0 || !(await isSubvolume(place.tree))) return;
    const number = await rootId(place.tree);
    const records = await this.#records.of(number);
    if (records.length === 0) return;
    await this.#around.unbounded(place.dataset, async () => {
      for (const record of records) {
        if (record.phase === "moving") await this.#takeBack(number, record, place.tree);
        await this.#discard(number, record, place);
      }
    });
  }

  /** As `finish`, of every tree there is. */
  async finishAll(): Promise<void> {
    for (const { dataset, tree } of await this.#affected()) {
      // One that cannot be brought to an end keeps nothing else from being used; whoever uses it is told why.
      await this.finish({ dataset, tree }).catch(() => undefined);
    }
    if (await this.#records.isEmpty()) return;
    const there = new Set((await subvolumesBelow(this.#around.pool)).map(({ id }) => id));
    await this.#records.tidy((tree) => there.has(tree));
  }

  /** What waits to be deleted. */
  async list(): Promise<readonly SetAside[]> {
    const found: SetAside[] = [];
    for (const { id, dataset, tree } of await this.#affected()) {
      for (const { stage, places, since, phase } of await this.#records.of(id)) {
        if (phase !== "done" || this.#underWay.has(stage)) continue;
        for (const { path } of places) {
          const waiting = join(tree, path, stage);
          const reason = (await holderOf(waiting)) ?? this.#reasons.get(stage);
          found.push({ what: dataset, path: waiting, since: new Date(since), reason });
        }
      }
    }
    return found;
  }

  /** Delete what waits, as far as that goes by now. */
  async tryAgain(): Promise<void> {
    for (const { id, dataset, tree } of await this.#affected()) {
      for (const record of await this.#records.of(id)) {
        if (record.phase === "done" && !this.#underWay.has(record.stage)) {
          await this.#discard(id, record, { dataset, tree });
        }
      }
    }
  }

  async #affected(): Promise<readonly Member[]> {
    const trees = await this.#records.trees();
    if (trees.size === 0) return [];
    return (await readFamily(this.#around.pool)).filter(({ id, label }) => label === undefined && trees.has(id));
  }

  async #replace(begun: PartsRecord, request: Request): Promise<void> {
    const { tree, signal } = request;
    const number = await rootId(tree);
    await this.#records.write(number, begun);
    const moving: PartsRecord = { ...(await this.#prepare(begun, request)), phase: "moving" };
    await syncFilesystem(tree);
    signal.throwIfAborted();
    await this.#records.write(number, moving);
    for (const index of moving.parts.keys()) await moveIn(tree, moving, index);
    await request.settled();
    await syncFilesystem(tree);
    await this.#records.write(number, { ...moving, phase: "done" });
  }

  /** Everything that is to come to a place, in the stage; and what keeps each thing from being moved. */
  async #prepare(record: PartsRecord, { tree, snapshot, signal }: Request): Promise<PartsRecord> {
    for (const path of record.made) await makeAsIn(snapshot, tree, path);
    for (const { path, flags } of record.places) {
      await using around = await openBelow(tree, Buffer.from(path));
      await inLocked(around, flags, () => mkdir(pathIn({ folder: around, name: record.stage }), { mode: 0o700 }));
      await using stage = await openBelow(tree, Buffer.from(stageIn(path, record)));
      await makePlain(stage);
      await copyParts(snapshot, stage, path, record.parts, signal);
    }
    const moves = nestedMoves(await subvolumesBelow(snapshot), record);
    const readOnly = await this.#around.copies.putNested(snapshot, tree, moves);
    const roots = new Set(record.parts.map((_, index) => freshIn(record, index)));
    const isRoot = ({ path }: { readonly path: Buffer }) => roots.has(path.toString());
    await protect(
      tree,
      readOnly.filter((move) => !isRoot(move)),
    );
    const later = new Set(readOnly.filter(isRoot).map(({ path }) => path.toString()));
    return { ...record, parts: await withObstacles(tree, record, later) };
  }

  async #takeBack(number: number, record: PartsRecord, tree: string): Promise<void> {
    for (const index of [...record.parts.keys()].reverse()) await moveBack(tree, record, index);
    await syncFilesystem(tree);
    await this.#records.write(number, { ...record, phase: "done" });
  }

  /** Failures are noted: the parts are in their places, whatever becomes of what was there before. */
  async #discard(number: number, record: PartsRecord, { tree, dataset }: Place): Promise<void> {
    try {
      await this.#delete(record, tree, dataset);
      await this.#records.remove(number, record);
      this.#reasons.delete(record.stage);
    } catch (error) {
      this.#reasons.set(record.stage, error instanceof Error ? error.message : String(error));
    }
  }

  async #delete(record: PartsRecord, tree: string, dataset: string): Promise<void> {
    const stages = record.places.map(({ path }) => Buffer.from(`${stageIn(path, record)}/`));
    const nested = (await subvolumesBelow(tree)).filter(({ path }) =>
      stages.some((stage) => path.subarray(0, stage.length).equals(stage)),
    );
    const outer = nested.filter(({ parent }) => !nested.some(({ id }) => id === parent));
    await this.#around.copies.takeOut(tree, outer, (path) => this.#around.removal.remove([{ path, what: dataset }]));
    for (const { path, flags } of record.places) {
      await using around = await folderIn(tree, path);
      if (around === undefined) continue;
      const stage = { folder: around, name: record.stage };
      await inLocked(around, flags, () => clear(stage));
    }
    for (const path of record.made.toReversed()) {
      await using around = await folderIn(tree, parentOf(path));
      if (around !== undefined) await rmdir(inside(around, Buffer.from(basename(path)))).catch(unlessUsed);
    }
  }
}

function unlessUsed(error: unknown): void {
  if (!hasErrno(error, "ENOTEMPTY", "ENOENT")) throw error;
}
