import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { release } from "node:os";
import { DockersnapError } from "@dockersnap/contract/words";
import type { DatasetId, HostProbe } from "@dockersnap/core";
import { CommandError } from "../process/commandError.ts";
import { hasErrno } from "../process/errno.ts";
import { run } from "../process/run.ts";
import { entries } from "./directory.ts";
import { rootId } from "./subvolume.ts";
import { releaseFromQuotas, subvolumesBelow, subvolumesInGroup } from "./subvolume-list.ts";
import { hasIncompatibleFeature } from "./superblock.ts";
import { sysfsOf } from "./sysfs.ts";

/** The device of an embedded pool, and where it is mounted; without a device it is a file system of the operator's. */
interface Place {
  readonly mount: string;
  readonly device: string | undefined;
}

/** Stale groups taken away in one go; what is left waits for the next. */
const mostTidied = 256;

/** What has a lower number is btrfs's own. */
const firstSubvolume = 256;

/** A dataset is nearly at its quota from this share of it on. */
const nearly = 0.75;

/**
 * The pool's account of what is written, by btrfs's simple quotas (kernel 6.7): each extent is charged to the subvolume
 * that wrote it for as long as anybody holds it, which costs next to nothing to keep. Ordinary quota groups find out who
 * shares what instead, and make snapshots take seconds.
 *
 * A dataset's group has one subvolume for a member, its tree, and those that are nested in it, which the kernel adds by
 * itself. Snapshots are none: they write nothing.
 */
export class Quotas {
  readonly #place: Place;
  #enabling: Promise<void> | undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  async support(): Promise<HostProbe> {
    const { device } = this.#place;
    if (device === undefined) {
      return not("btrfs.path is a file system of your own, and quotas would change that for good");
    }
    if (!(await readText("/sys/fs/btrfs/features/simple_quota"))) {
      return not(
        `this kernel (${release()}) bounds no disk space; that needs 6.7 or newer, with simple quotas in btrfs`,
      );
    }
    const mode = await this.#mode();
    if (mode === undefined || mode === "squota") return { usable: true };
    return not(
      `the pool keeps ordinary quota groups, which are too slow; 'btrfs quota disable ${this.#place.mount}' ends that`,
    );
  }

  /** What makes a new subvolume the tree of a dataset that begins: arguments of btrfs-subvolume(8). */
  async beginning(id: DatasetId): Promise<readonly string[]> {
    if (!(await this.#isOn())) return [];
    // One of a dataset of the same name whose removal was cut short, with a quota that is nobody's.
    if (await this.#hasGroup(id)) await this.#dissolve(id);
    await this.#btrfs("qgroup", "create", groupOf(id), this.#place.mount);
    return ["-i", groupOf(id)];
  }

  /** As `beginning`, for a tree that is to take the place of the one there is. */
  async joining(id: DatasetId): Promise<readonly string[]> {
    return (await this.#hasGroup(id)) ? ["-i", groupOf(id)] : [];
  }

  /** Charge what is written into this tree, and into what is nested in it, to the dataset, if account of that is kept. */
  async join(id: DatasetId, tree: string): Promise<void> {
    if (!(await this.#hasGroup(id))) return;
    const members = await this.#members(id);
    for (const subvolume of await subvolumesOf(tree)) {
      if (!members.includes(subvolume)) await this.#link(subvolume, id);
    }
  }

  /** Charge what this tree of the dataset wrote to nobody any more. A tree that was never charged is let be. */
  async leave(id: DatasetId, tree: string): Promise<void> {
    if (!(await this.#hasGroup(id))) return;
    await releaseFromQuotas(this.#place.mount, await subvolumesOf(tree));
  }

  /** Do something with a dataset that its quota must not prevent. A kill meanwhile leaves it without one. */
  async unbounded<T>(id: DatasetId, work: () => Promise<T>): Promise<T> {
    const quota = await this.#quota(id);
    if (quota === undefined) return work();
    await this.#limit(id, "none");
    try {
      return await work();
    } finally {
      await this.#limit(id, String(quota));
    }
  }

  /** Bound what is written into the dataset with this tree. */
  async set(id: DatasetId, tree: string, bytes: number | undefined): Promise<void> {
    if (bytes === undefined) {
      if (await this.#hasGroup(id)) await this.#limit(id, "none");
      return;
    }
    const support = await this.support();
    if (!support.usable) throw new DockersnapError("unsupported", `No quota can be set: ${support.reason}.`);
    // The bound is set last, so with it all the rest is as it should be.
    if ((await this.#quota(id)) === bytes) return;
    await this.#enable();
    if (!(await this.#hasGroup(id))) await this.#btrfs("qgroup", "create", groupOf(id), this.#place.mount);
    // A dataset from before the account began; its group may be there without it after a kill.
    await this.join(id, tree);
    await this.#limit(id, String(bytes));
  }

  /** Bytes, what is not on disk yet included; undefined where no account is kept. */
  async charge(id: DatasetId): Promise<number | undefined> {
    const parts = await Promise.all([this.#number(id, "referenced"), this.#number(id, "rsv_data")]);
    return parts[0] === undefined ? undefined : parts[0] + (parts[1] ?? 0);
  }

  async isNearlyReached(id: DatasetId): Promise<boolean> {
    const [charge, quota] = await Promise.all([this.charge(id), this.#quota(id)]);
    return charge !== undefined && quota !== undefined && charge >= quota * nearly;
  }

  /** Let another name have the account as well, quota and all. The tree is found under either. */
  async share(id: DatasetId, other: DatasetId): Promise<void> {
    if (!(await this.#hasGroup(id))) return;
    const quota = await this.#quota(id);
    if (!(await this.#hasGroup(other))) await this.#btrfs("qgroup", "create", groupOf(other), this.#place.mount);
    const there = await this.#members(other);
    for (const member of await this.#members(id)) if (!there.includes(member)) await this.#link(member, other);
    if (quota !== undefined) await this.#limit(other, String(quota));
  }

  /** Take the account of a dataset that was removed, or has another name, away. */
  async forget(id: DatasetId): Promise<void> {
    if (await this.#hasGroup(id)) await this.#dissolve(id);
  }

  /** Take away what is left of subvolumes that are gone and that nothing is charged to any more. */
  async tidy(): Promise<void> {
    if (!(await this.#isOn())) return;
    const there = new Set((await subvolumesBelow(this.#place.mount)).map(({ id }) => String(id)));
    const stale: string[] = [];
    for (const name of await entries(await this.#folder())) {
      const [, id = ""] = /^0_(\d+)$/.exec(name) ?? [];
      if (Number(id) < firstSubvolume || there.has(id) || stale.length === mostTidied) continue;
      if (Number(await readText(`${await this.#folder()}/${name}/referenced`)) === 0) stale.push(id);
    }
    for (const id of stale) {
      // One that is still on its way out is held by the kernel; it goes another time.
      await this.#btrfs("qgroup", "destroy", `0/${id}`, this.#place.mount).catch(onlyExit);
    }
  }

  async #enable(): Promise<void> {
    if (await this.#isOn()) return;
    this.#enabling ??= enableSimpleQuotas(this.#place.mount).finally(() => {
      this.#enabling = undefined;
    });
    await this.#enabling;
  }

  async #dissolve(id: DatasetId): Promise<void> {
    for (const member of await this.#members(id)) await this.#unlink(member, id);
    await this.#btrfs("qgroup", "destroy", groupOf(id), this.#place.mount);
  }

  async #link(subvolume: number, id: DatasetId): Promise<void> {
    await this.#btrfs("qgroup", "assign", "--no-rescan", `0/${subvolume}`, groupOf(id), this.#place.mount);
  }

  async #limit(id: DatasetId, bytes: string): Promise<void> {
    await this.#btrfs("qgroup", "limit", bytes, groupOf(id), this.#place.mount);
  }

  /** Undefined where there is none: the kernel shows such a one as nothing, or as more than there can be. */
  async #quota(id: DatasetId): Promise<number | undefined> {
    const bytes = await this.#number(id, "max_referenced");
    return bytes !== undefined && bytes > 0 && bytes < Number.MAX_SAFE_INTEGER ? bytes : undefined;
  }

  async #unlink(subvolume: number, id: DatasetId): Promise<void> {
    try {
      await this.#btrfs("qgroup", "remove", `0/${subvolume}`, groupOf(id), this.#place.mount);
    } catch (error) {
      // btrfs(8) has one exit code for all; one that has left already is no failure.
      if ((await this.#members(id)).includes(subvolume)) throw error;
    }
  }

  async #members(id: DatasetId): Promise<readonly number[]> {
    return subvolumesInGroup(this.#place.mount, groupNumber(id));
  }

  async #isOn(): Promise<boolean> {
    return (await this.#mode()) === "squota";
  }

  async #mode(): Promise<string | undefined> {
    return (await readText(`${await this.#folder()}/mode`))?.trim();
  }

  async #hasGroup(id: DatasetId): Promise<boolean> {
    return (await this.#number(id, "referenced")) !== undefined;
  }

  async #number(id: DatasetId, file: string): Promise<number | undefined> {
    const text = await readText(`${await this.#folder()}/${groupOf(id).replace("/", "_")}/${file}`);
    return text === undefined ? undefined : Number(text);
  }

  /** Asked for anew: a pool mounted again can have another one. */
  async #folder(): Promise<string> {
    const { device } = this.#place;
    return `${device === undefined ? undefined : await sysfsOf(device)}/qgroups`;
  }

  async #btrfs(...args: readonly string[]): Promise<string> {
    return (await run("btrfs", args, { timeoutMs: 120_000, maxOutput: 16 * 1_048_576 })).stdout;
  }
}

/** Whether the pool on this image can be mounted only by a kernel that knows simple quotas, and this one does not. */
export async function needsNewerKernel(image: string): Promise<boolean> {
  const knows = (await readText("/sys/fs/btrfs/features/simple_quota")) !== undefined;
  return !knows && (await hasIncompatibleFeature(image, simpleQuotaBit));
}

/** BTRFS_FEATURE_INCOMPAT_SIMPLE_QUOTA. */
const simpleQuotaBit = 16n;

/** The number is the name's, so that none has to be kept anywhere; btrfs has 48 bits for it. */
function groupOf(id: DatasetId): string {
  return `1/${numberOf(id)}`;
}

/** As the kernel has it: with the group's level above those bits. */
function groupNumber(id: DatasetId): bigint {
  return (1n << 48n) | numberOf(id);
}

function numberOf(id: DatasetId): bigint {
  return BigInt(`0x${createHash("sha256").update(id).digest("hex").slice(0, 12)}`);
}

/** The tree's own number, and those of what is nested in it. */
async function subvolumesOf(tree: string): Promise<readonly number[]> {
  return [await rootId(tree), ...(await subvolumesBelow(tree)).map(({ id }) => id)];
}

/**
 * BTRFS_IOC_QUOTA_CTL with BTRFS_QUOTA_CTL_ENABLE_SIMPLE_QUOTA. Debian 12's btrfs-progs are older than the kernels one can
 * have there, and perl-base is on every Debian and Ubuntu.
 */
const enableScript = `open(my $pool, "<", $ARGV[0]) or die "$!\n";
my $request = pack("QQ", 4, 0);
ioctl($pool, 0xC0109428, $request) or die "$!\n";`;

async function enableSimpleQuotas(mount: string): Promise<void> {
  try {
    await run("btrfs", ["quota", "enable", "--simple", mount]);
  } catch (older) {
    try {
      await run("perl", ["-e", enableScript, mount]);
    } catch (error) {
      throw new DockersnapError(
        "unsupported",
        "No quota can be set: simple quotas could not be turned on in the pool. Install btrfs-progs 6.7 or newer, or perl.",
        { cause: new AggregateError([older, error]) },
      );
    }
  }
}

function not(reason: string): HostProbe {
  return { usable: false, reason };
}

function onlyExit(error: unknown): void {
  if (!(error instanceof CommandError) || error.reason !== "exit") throw error;
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
