import { basename, dirname } from "node:path";
import { CommandError } from "../process/commandError.ts";
import { runTool } from "../process/tool.ts";
import { destroyScript, listScript, membersScript, releaseScript, takeScript } from "./kernel-scripts.ts";

/** A subvolume that lies in another, as the kernel's own trees have it. */
export interface Subvolume {
  readonly id: number;
  /** The subvolume it lies in. */
  readonly parent: number;
  /** Of the transaction that made it: what is newer than that was written later. */
  readonly made: number;
  readonly isReadOnly: boolean;
  readonly uuid: string;
  /** UUID of what it is a snapshot of, there or not; undefined for one that began empty. */
  readonly origin: string | undefined;
  /** From the subvolume that was asked about. Bytes: whoever made it chose the names, and they need not be text. */
  readonly path: Buffer;
}

/** A directory was moved while the kernel was asked where it is; asked again, it is somewhere. */
const mostTries = 5;

const noUuid = "0".repeat(32);

/**
 * Every subvolume below the one at `tree`, each after the one it lies in, read from the kernel's trees by their numbers.
 * `btrfs subvolume list` prints names as they are, newlines included, so a name can look like a subvolume that is not
 * there; and one path of more than 4096 bytes makes it fail for the whole pool.
 */
export async function subvolumesBelow(tree: string): Promise<readonly Subvolume[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return parseSubvolumes(await askKernel(listScript, [tree]));
    } catch (error) {
      const isMoved = error instanceof CommandError && error.exitCode === goneCode;
      if (!isMoved || tries === mostTries) throw error;
    }
  }
}

/**
 * Take a read-only snapshot of a tree, and then look what is nested in it: what was there at that moment is in the list, or
 * gone. Nothing may be at `target`. On disk when it resolves, for the kernel commits to take it.
 */
export async function takeAndList(tree: string, target: string): Promise<readonly Subvolume[]> {
  try {
    return parseSubvolumes(await askKernel(takeScript, [tree, dirname(target), basename(target)]));
  } catch (error) {
    // It is taken, and only the look has to be tried again.
    if (error instanceof CommandError && error.exitCode === goneCode) return subvolumesBelow(tree);
    throw error;
  }
}

/** Delete the subvolume of this number that is called so in a folder. Another of that name stays. */
export async function destroySubvolume(folder: string, name: Buffer, id: number): Promise<void> {
  await askKernel(destroyScript, [folder, name.toString("hex"), String(id)]);
}

/** Numbers of the subvolumes in a quota group of the pool. The list that btrfs prints has names in it too. */
export async function subvolumesInGroup(pool: string, group: bigint): Promise<readonly number[]> {
  const lines = (await askKernel(membersScript, [pool, String(group)])).split("\n");
  return lines.filter((line) => line !== "").map(Number);
}

/**
 * Have no quota apply to subvolumes that are to go: deleting one that is nested in another, and taking flags from it, is
 * charged as a write is, and so is this when it is asked of a folder in one of them. `pool` is one outside.
 */
export async function releaseFromQuotas(pool: string, ids: readonly number[]): Promise<void> {
  try {
    await askKernel(releaseScript, [pool, ...ids.map(String)]);
  } catch (error) {
    // A pool that keeps no account has no tree for it.
    if (!(error instanceof CommandError) || error.exitCode !== goneCode) throw error;
  }
}

/** What the scripts exit with when they are asked about a tree that is not there, or not there any more. */
const goneCode = 75;

/** The lines of the list's script: numbers, and all that others chose in hexadecimal. */
export function parseSubvolumes(text: string): readonly Subvolume[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const match = /^(\d+) (\d+) (\d+) ([01]) ([0-9a-f]{32}) ([0-9a-f]{32}) ((?:[0-9a-f]{2})+)$/.exec(line);
    if (match === null) throw new Error(`The kernel's list of subvolumes has a line that is none: ${line}`);
    const [, id, parent, made, readOnly, uuid = "", origin, path = ""] = match;
    return {
      id: Number(id),
      parent: Number(parent),
      made: Number(made),
      isReadOnly: readOnly === "1",
      uuid,
      origin: origin === noUuid ? undefined : origin,
      path: Buffer.from(path, "hex"),
    };
  });
}

/** Run one of our scripts. What the kernel refuses is a `CommandError` with the number of its error as the exit code. */
export async function askKernel(script: string, args: readonly string[]): Promise<string> {
  const options = { input: script, timeoutMs: 120_000, maxOutput: 64 * 1_048_576 };
  return (await runTool("perl", ["-", ...args], options)).stdout;
}
