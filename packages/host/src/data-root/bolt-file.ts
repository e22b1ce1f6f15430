import { boltEntries, boltState } from "./bolt.ts";
import { mostListBytes } from "./bounds.ts";
import type { Folder } from "./folder.ts";

/** dockerd commits a few times in a second at most. */
const mostReads = 10;

/** The keys of a bucket; none where there is no such file. A dockerd at work may write to it meanwhile. */
export async function readBolt(folder: Folder, name: string, bucket: string): Promise<ReadonlyMap<string, Buffer>> {
  let last = await folder.bytes(name, mostListBytes);
  for (let reads = 1; last !== undefined && last.length > 0 && reads < mostReads; reads += 1) {
    const next = await folder.bytes(name, mostListBytes);
    // What was committed is overwritten only after the next commit, so between two equal states nothing was.
    if (next !== undefined && boltState(next) === boltState(last)) return boltEntries(last, bucket);
    last = next;
  }
  // An empty one is about to be made.
  if (last === undefined || last.length === 0) return new Map();
  throw new Error("it changes faster than it can be read");
}
