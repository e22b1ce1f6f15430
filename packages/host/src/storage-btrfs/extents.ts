import { CommandError } from "../process/commandError.ts";
import { run } from "../process/run.ts";
import { extentsScript } from "./kernel-scripts.ts";

/** A file's use of an extent: a piece of the disk that is written once and shared by whoever refers to it. */
export interface ExtentUse {
  /** Where on the disk the extent begins; it is the extent's name. 0 for contents kept with the files' own entries. */
  readonly start: number;
  /** Bytes of it that the file refers to. */
  readonly length: number;
  /** Bytes it takes on the disk; it is held as a whole, however little of it is in use. */
  readonly whole: number;
  /** Of the transaction that wrote it. */
  readonly generation: number;
}

/** A subvolume with millions of files takes some minutes. */
const timeoutMs = 600_000;

/** What the script exits with. */
const goneCode = 74;

/**
 * Every use of an extent by the files of the subvolume with this number that was made in this generation or later. What is
 * older costs nothing: whole branches of the tree are passed over. False when there is no such subvolume.
 *
 * Asked of the kernel by number: `btrfs subvolume find-new` prints the names of files among its figures, newlines included.
 */
export async function eachExtent(
  pool: string,
  { id, since }: { readonly id: number; readonly since: number },
  use: (extent: ExtentUse) => void,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await run("perl", ["-", pool, String(id), String(since)], {
      input: extentsScript,
      signal,
      timeoutMs,
      onLine: (line) => use(parseExtent(line)),
    });
    return true;
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === goneCode) return false;
    throw error;
  }
}

function parseExtent(line: string): ExtentUse {
  const [start = 0, length = 0, whole = 0, generation = 0] = line.split(" ").map(Number);
  return { start, length, whole, generation };
}
