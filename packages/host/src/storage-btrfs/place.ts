import { stat, statfs } from "node:fs/promises";
import { DockersnapError } from "@dockersnap/contract/words";
import { hasErrno } from "../process/errno.ts";
import { mountHolding } from "./mounts.ts";
import type { BtrfsOptions } from "./options.ts";
import { btrfsType, isMounted, mountOf, mountPool, openPool, type Pool, realPath } from "./pool.ts";
import { readFsid } from "./superblock.ts";

/** What the pool's path leads to, as the kernel knows it. */
interface Found {
  readonly device: bigint;
  readonly inode: bigint;
}

/**
 * Whether the pool is at its path. Engines keep a mount of their own, so the host's can be removed, or hidden, while
 * they run: from then on the path leads to a folder that only looks like an empty pool.
 */
export class Place {
  readonly #options: BtrfsOptions;
  readonly #path: string;
  #pool: Pool | undefined;
  #opened: (Found & { readonly fsid: string | undefined }) | undefined;
  #returning: Promise<string | undefined> | undefined;
  #restored = () => {};

  constructor(options: BtrfsOptions) {
    this.#options = options;
    this.#path = mountOf(options);
  }

  get pool(): Pool | undefined {
    return this.#pool;
  }

  async open(holdsData: boolean): Promise<void> {
    this.#pool = await openPool(this.#options, holdsData);
    this.#opened = { ...(await found(this.#path)), fsid: await fsidAt(this.#path) };
  }

  /** `told` is called each time the pool was mounted again. */
  whenRestored(told: () => void): void {
    this.#restored = told;
  }

  /**
   * Why the pool is not at its path and how it gets there, for people; undefined while it is there. The daemon's own pool is
   * mounted again first. Before `open` it is only looked at.
   */
  async whyAbsent(): Promise<string | undefined> {
    if (this.#opened === undefined) return this.#whyNeverMounted();
    const now = await found(this.#path).catch(absent);
    if (now?.device === this.#opened.device && now.inode === this.#opened.inode) return undefined;
    this.#returning ??= this.#comeBack().finally(() => {
      this.#returning = undefined;
    });
    return this.#returning;
  }

  /** `unmounted` for whatever would read or change a pool that is not at its path. Before `open` nothing is known. */
  async assertThere(): Promise<void> {
    if (this.#opened === undefined) return;
    const why = await this.whyAbsent();
    if (why !== undefined) throw new DockersnapError("unmounted", `The pool is not mounted at ${this.#path}. ${why}`);
  }

  async #comeBack(): Promise<string | undefined> {
    if (await this.#isThere()) return undefined;
    const { path, image } = this.#options;
    if (path !== undefined) {
      return `Mount the btrfs that holds ${path} again, and unmount whatever hides it; the daemon notices by itself.`;
    }
    try {
      const isOurs = (await readFsid(image)) === this.#opened?.fsid;
      if (!isOurs) return `The image ${image} holds another btrfs than before. Bring back the one that was there.`;
      this.#pool = await mountPool(this.#options);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    if (!(await this.#isThere()))
      return `Something hides ${this.#path}: unmount what is mounted over a folder above it.`;
    this.#restored();
    return undefined;
  }

  /** Whether the path leads to the file system that was opened. Mounted anew, it has another device number. */
  async #isThere(): Promise<boolean> {
    const opened = this.#opened;
    const now = await found(this.#path).catch(absent);
    if (opened === undefined || now?.inode !== opened.inode) return false;
    if ((await statfs(this.#path)).type !== btrfsType) return false;
    if ((await fsidAt(this.#path)) !== opened.fsid) return false;
    this.#opened = { ...opened, ...now };
    return true;
  }

  async #whyNeverMounted(): Promise<string | undefined> {
    const { path, image } = this.#options;
    if (path !== undefined) return undefined;
    if ((await stat(image).catch(absent)) === undefined) return undefined;
    try {
      if (await isMounted(this.#options)) return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    return "A daemon that starts mounts it, and one that runs does so within half a minute; its log says what keeps it from that.";
  }
}

async function found(path: string): Promise<Found> {
  const { dev, ino } = await stat(path, { bigint: true });
  return { device: dev, inode: ino };
}

/** Of the btrfs that the path leads to. Undefined where its device cannot be read, as in a container. */
async function fsidAt(path: string): Promise<string | undefined> {
  const mount = await mountHolding(await realPath(path));
  return mount === undefined ? undefined : readFsid(mount.source).catch(() => undefined);
}

function absent(error: unknown): undefined {
  if (hasErrno(error, "ENOENT") || hasErrno(error, "ENOTDIR")) return undefined;
  throw error;
}
