import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { entries, syncDirectory } from "./directory.ts";

const count = z.number().int().nonnegative();

/** A thing that is put back. */
const partSchema = z.object({
  /** In the tree. */
  path: z.string(),
  /** In the tree: the subvolume that its folder lies in. Files are renamed within a subvolume only. */
  around: z.string(),
  /** Flags of its folder that are against moving it. */
  folderFlags: count,
  /** What was there before, and what kept it from being moved; undefined where nothing was. */
  old: z.object({ flags: count, readOnly: z.boolean() }).optional(),
  /** What takes its place; undefined where nothing does. */
  fresh: z.object({ flags: count, readOnly: z.boolean() }).optional(),
});

const recordSchema = z.object({
  /** The name of the folders in the tree where new parts are made and old ones wait; nobody else has it. */
  stage: z.string().regex(/^\.dockersnap-parts-[0-9a-f]{16}$/),
  /** The subvolumes of the tree that have such a folder, and flags of theirs that are against making one. */
  places: z.array(z.object({ path: z.string(), flags: count })),
  /** Folders that were made for parts to lie in, outer ones first. */
  made: z.array(z.string()),
  since: z.number(),
  /** While it is `moving` what was there before goes back. In the other two all that is in the stage is rubbish. */
  phase: z.enum(["copying", "moving", "done"]),
  parts: z.array(partSchema).readonly(),
});

export type Part = z.infer<typeof partSchema>;

/** A partial revert that is not over yet. */
export type PartsRecord = z.infer<typeof recordSchema>;

/**
 * Records of partial reverts, a file for each, called by the number of the tree it is about: numbers are never given twice,
 * and a tree keeps its own whatever it is renamed to.
 */
export class PartsRecords {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  fresh(): PartsRecord {
    const stage = `.dockersnap-parts-${randomBytes(8).toString("hex")}`;
    return { stage, places: [], made: [], since: Date.now(), phase: "copying", parts: [] };
  }

  async isEmpty(): Promise<boolean> {
    return (await entries(this.#folder)).length === 0;
  }

  /** Numbers of the trees that have any. */
  async trees(): Promise<ReadonlySet<number>> {
    const names = await entries(this.#folder);
    return new Set(names.flatMap((name) => /^(\d+)\.[0-9a-f]+$/.exec(name)?.[1] ?? []).map(Number));
  }

  async of(tree: number): Promise<readonly PartsRecord[]> {
    const names = (await entries(this.#folder)).filter(
      (name) => name.startsWith(`${tree}.`) && !name.endsWith(unwritten),
    );
    const texts = await Promise.all(names.map((name) => readFile(join(this.#folder, name), "utf8")));
    return texts.map((text) => recordSchema.parse(JSON.parse(text)));
  }

  /** On disk when it resolves. */
  async write(tree: number, record: PartsRecord): Promise<void> {
    const path = this.#pathOf(tree, record);
    try {
      await writeSynced(`${path}${unwritten}`, JSON.stringify(record));
      await rename(`${path}${unwritten}`, path);
    } catch (error) {
      await rm(`${path}${unwritten}`, { force: true });
      throw error;
    }
    await syncDirectory(this.#folder);
  }

  async remove(tree: number, record: PartsRecord): Promise<void> {
    await rm(this.#pathOf(tree, record), { force: true });
    await syncDirectory(this.#folder);
  }

  /** Take away those of trees that are gone, and those that were not written to their end. */
  async tidy(isThere: (tree: number) => boolean): Promise<void> {
    for (const name of await entries(this.#folder)) {
      const isKept = isThere(Number.parseInt(name, 10)) && !name.endsWith(unwritten);
      if (!isKept) await rm(join(this.#folder, name), { force: true });
    }
  }

  #pathOf(tree: number, { stage }: PartsRecord): string {
    return join(this.#folder, `${tree}.${stage.slice(stage.lastIndexOf("-") + 1)}`);
  }
}

/** The ending of a record that was not written to its end. */
const unwritten = ".unwritten";

async function writeSynced(path: string, text: string): Promise<void> {
  await using file = await open(path, "w", 0o600);
  await file.writeFile(text);
  await file.sync();
}
