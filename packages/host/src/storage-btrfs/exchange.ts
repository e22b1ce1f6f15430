import { arch } from "node:process";
import { CommandError } from "../process/commandError.ts";
import { whileUnlocked } from "./file-flags.ts";
import { exchangeScript } from "./kernel-scripts.ts";
import { openBelow, pathOf } from "./open-below.ts";
import { askKernel } from "./subvolume-list.ts";

/** The number of renameat2(2), by Node's name of the architecture; the later ones all have the last. */
const numbers: Readonly<Record<string, number>> = { x64: 316, s390x: 347, ppc64: 357 };
const laterNumber = 276;

const notPermitted = 1;

/**
 * Give two trees each other's names in one step: both have changed, or neither has, also where the file system has no space
 * for it. A workload can have its tree bear a flag against that, which it keeps.
 */
export async function exchangeTrees(one: string, other: string): Promise<void> {
  const exchange = async () => {
    await askKernel(exchangeScript, [String(numbers[arch] ?? laterNumber), one, other]);
  };
  try {
    await exchange();
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode !== notPermitted) throw error;
    await using first = await openBelow(one, Buffer.alloc(0));
    await using second = await openBelow(other, Buffer.alloc(0));
    await whileUnlocked(pathOf(first), () => whileUnlocked(pathOf(second), exchange));
  }
}
