import { readdir, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Client } from "@dockersnap/client";
import { instanceNamePattern } from "@dockersnap/contract/words";
import type { Output } from "../output/output.ts";
import { isMissing, lstatOf, manifestName, type Owner, readManifest, removeFile } from "./files.ts";
import { accessFolder, accessRoot } from "./folder.ts";

/** A folder with access files and whose they are. */
export interface AccessRecord {
  readonly name: string;
  readonly folder: string;
  readonly owner: Owner;
}

const mostNamed = 3;

/** Finds the folder of an instance of this name; undefined where there is none, or one that does not say whose it is. */
export async function accessRecord(home: string, name: string): Promise<AccessRecord | undefined> {
  const folder = accessFolder(home, name);
  try {
    // A link would lead to files somewhere else.
    for (const path of [dirname(folder), folder]) if (!(await lstatOf(path)).isDirectory) return undefined;
    const { owner } = await readManifest(folder);
    return owner === undefined ? undefined : { name, folder, owner };
  } catch {
    // A folder that this user cannot read is another user's to remove.
    return undefined;
  }
}

/**
 * Removes the access files of a daemon's instances that are gone, and tells of it. Folders are looked at before the daemon
 * is asked, so that one written meanwhile is not taken for a former instance's.
 */
export async function sweepAccessFiles(
  home: string,
  daemon: string,
  { client, out, signal }: { readonly client: Client; readonly out: Output; readonly signal: AbortSignal },
): Promise<void> {
  const names = (await readdir(accessRoot(home)).catch((): string[] => [])).sort();
  const found = await Promise.all(
    names.filter((name) => instanceNamePattern.test(name)).map((name) => accessRecord(home, name)),
  );
  const records = found.filter((record) => record?.owner.daemon === daemon) as AccessRecord[];
  if (records.length === 0) return;
  // Without an answer nothing is known to be gone, and the next `use` asks again.
  const instances = await client.instances.list({ all: true, signal }).catch(() => undefined);
  if (instances === undefined) return;
  const living = new Map(instances.map(({ name, created_at }) => [name, created_at]));
  const gone = records.filter(({ name, owner }) => living.get(name) !== owner.created_at);
  const removed: string[] = [];
  for (const record of gone) if (await removeAccessFiles(record, out)) removed.push(record.name);
  if (removed.length > 0) out.note(`Removed the access files of deleted instances: ${named(removed)}.`);
}

/**
 * Removes the files of a deleted instance and their folder. Whatever else is in the folder stays and is told, and so is a
 * failure. Resolves with whether the files are gone.
 */
export async function removeAccessFiles(record: AccessRecord, out: Output): Promise<boolean> {
  const { folder } = record;
  try {
    const { files, owner } = await readManifest(folder);
    // Somebody used a new instance of this name in between.
    if (owner?.daemon !== record.owner.daemon || owner.created_at !== record.owner.created_at) return false;
    for (const name of files) await removeFile(folder, name);
    await unlink(join(folder, manifestName));
    await rmdir(folder).catch(async (error) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
      const left = (await readdir(folder)).sort();
      if (left.length === 0) return;
      out.warn(`${folder} stays: dockersnap did not write ${named(left)}. Remove it yourself if nobody needs it.`);
    });
    return true;
  } catch (error) {
    // Another shell's sweep is at it as well.
    if (isMissing(error)) return false;
    out.warn(
      `The access files of '${record.name}', which is deleted, could not be removed from ${folder}: ` +
        `${error instanceof Error ? error.message : String(error)}. Remove that folder yourself.`,
    );
    return false;
  }
}

function named(names: readonly string[]): string {
  const more = names.length - mostNamed;
  return more > 0 ? `${names.slice(0, mostNamed).join(", ")} and ${more} more` : names.join(", ");
}
