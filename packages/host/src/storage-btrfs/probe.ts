import { access, constants, readFile, statfs } from "node:fs/promises";
import { release } from "node:os";
import { delimiter, join } from "node:path";
import type { HostProbe } from "@dockersnap/core";
import type { BtrfsOptions } from "./options.ts";
import { btrfsType } from "./pool.ts";

/** Whether a pool can be had on this machine with these options. Looks only; changes nothing. */
export async function probeBtrfs(options: BtrfsOptions): Promise<HostProbe> {
  if (process.getuid?.() !== 0) return not("managing btrfs subvolumes needs root");
  if (!(await kernelKnowsBtrfs())) return not(`this kernel (${release()}) has no btrfs, built in or as a module`);

  const programs =
    options.path === undefined ? ["btrfs", "perl", "mkfs.btrfs", "losetup", "mount", "umount"] : ["btrfs", "perl"];
  for (const program of programs) {
    if (!(await inPath(program)))
      return not(`the program ${program} is missing (Debian: btrfs-progs, util-linux, perl-base)`);
  }

  if (options.path === undefined) {
    if (!(await exists("/dev/loop-control"))) return not("there are no loop devices (/dev/loop-control is missing)");
    return { usable: true };
  }
  const type = await statfs(options.path).then(
    (found) => found.type,
    () => undefined,
  );
  if (type === undefined) return not(`${options.path} is not there or cannot be read`);
  return type === btrfsType ? { usable: true } : not(`${options.path} is not on btrfs`);
}

function not(reason: string): HostProbe {
  return { usable: false, reason };
}

async function kernelKnowsBtrfs(): Promise<boolean> {
  if (/^(nodev)?\tbtrfs$/m.test(await readFile("/proc/filesystems", "utf8"))) return true;
  // A module that is not loaded yet comes with the first mount.
  const modules = await readFile(`/lib/modules/${release()}/modules.dep`, "utf8").catch(() => "");
  return modules.includes("/btrfs.ko");
}

async function inPath(program: string): Promise<boolean> {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const found = await Promise.all(folders.map((folder) => exists(join(folder, program), constants.X_OK)));
  return found.includes(true);
}

async function exists(path: string, mode = constants.F_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
