import { run } from "../process/run.ts";

/** A file's use of an extent: a piece of the disk that is written once and shared by whoever refers to it. */
export interface ExtentUse {
  /** Where on the disk the extent begins; it is the extent's name. 0 for contents kept with the file's own entry. */
  readonly start: number;
  /** Bytes of it that the file refers to. */
  readonly length: number;
  /** Bytes of the extent up to the end of those; it is held as a whole, however little of it is in use. */
  readonly reach: number;
  /** Of the transaction that wrote it. */
  readonly generation: number;
}

const line = /^inode \d+ file offset \d+ len (\d+) disk start (\d+) offset (\d+) gen (\d+) flags [A-Z|]+ /;

/** A subvolume with millions of files takes some minutes. */
const timeoutMs = 600_000;

/**
 * Every use of an extent by the files of a subvolume that was made in this generation or later. What is older costs
 * nothing: whole branches of the tree are passed over.
 */
export async function eachExtent(
  subvolume: string,
  since: number,
  use: (extent: ExtentUse) => void,
  signal: AbortSignal,
): Promise<void> {
  // btrfs(8) names it after what it was made for: to find what is new. It brings what is unwritten to disk first.
  await run("btrfs", ["subvolume", "find-new", subvolume, String(since)], {
    signal,
    timeoutMs,
    onLine(text) {
      const extent = parseExtent(text);
      if (extent !== undefined) use(extent);
    },
  });
}

/** A line of `btrfs subvolume find-new`; undefined for its last one, and for the rest of a file name with newlines. */
export function parseExtent(text: string): ExtentUse | undefined {
  const [, length, start, offset, generation] = line.exec(text) ?? [];
  if (generation === undefined) return undefined;
  return {
    start: Number(start),
    length: Number(length),
    reach: Number(offset) + Number(length),
    generation: Number(generation),
  };
}
