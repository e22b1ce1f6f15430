import type { Platform } from "../platform.ts";
import type { InstanceRecord, Records } from "../records/records.ts";
import { answers } from "./containers.ts";
import { isOwnName } from "./own-name.ts";

/** Longer lines of clones of clones are not followed. */
const longestLine = 100;

/**
 * Before an engine starts: containers that mount their engine's socket by its path on the host mount this one's. In a clone
 * they would drive the instance it came from.
 */
export async function adoptSockets(
  { engines, storage, records, containerFiles }: Pick<Platform, "engines" | "storage" | "records" | "containerFiles">,
  record: InstanceRecord,
): Promise<void> {
  if (await answers(engines.api(record.name))) return;
  const sources = new Set(sourcesOf(records, record));
  const isFormer = (path: string) => {
    const name = path.slice(path.lastIndexOf("/") + 1, -".sock".length);
    if (name === record.name || !(sources.has(name) || isOwnName(name))) return false;
    return path === engines.socketPath(name);
  };
  await containerFiles.replaceSockets(storage.path(record.name), isFormer, engines.socketPath(record.name));
}

/** What an instance was cloned from, and that, and so on. */
function sourcesOf(records: Records, record: InstanceRecord): readonly string[] {
  const names: string[] = [];
  let at: InstanceRecord | undefined = record;
  while (at?.cloneOf !== undefined && names.length < longestLine) {
    names.push(at.cloneOf.instance);
    at = records.instances.get(at.cloneOf.instance);
  }
  return names;
}
