import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/**
 * Open the directory at `path` below `root`, one name after the other and through no link: a workload that puts one in the
 * way leads nowhere. Rejects as open(2) does.
 */
export async function openBelow(root: string, path: Buffer): Promise<FileHandle> {
  let handle = await open(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  for (const name of namesOf(path)) {
    try {
      const next = await open(inside(handle, name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      await handle.close();
      handle = next;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }
  return handle;
}

/** Where this process and programs it starts reach what a handle has open, whatever happens to its name. */
export function pathOf(handle: FileHandle): string {
  return `/proc/${process.pid}/fd/${handle.fd}`;
}

/** Something in the directory that is open. */
export function inside(handle: FileHandle, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${pathOf(handle)}/`), name]);
}

const slash = 0x2f;

/** The folder and the name that a path consists of. */
export function split(path: Buffer): { readonly folder: Buffer; readonly name: Buffer } {
  const at = path.lastIndexOf(slash);
  return { folder: path.subarray(0, Math.max(at, 0)), name: path.subarray(at + 1) };
}

function namesOf(path: Buffer): Buffer[] {
  const names: Buffer[] = [];
  let rest = path;
  while (rest.length > 0) {
    const at = rest.indexOf(slash);
    names.push(at === -1 ? rest : rest.subarray(0, at));
    rest = at === -1 ? Buffer.alloc(0) : rest.subarray(at + 1);
  }
  return names;
}
