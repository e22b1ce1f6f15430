import { constants, mkdtempSync, openSync, rmSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Linux's O_TMPFILE with O_DIRECTORY; Node has no name for it. */
const nameless = 0o20200000;

/**
 * A descriptor of an empty file, to read and to write, in memory where there is room. It has no name but the one in /proc, so
 * nothing is left of it however this process ends; whoever asked closes it.
 */
export function openNamelessFile(): number {
  try {
    return openSync("/dev/shm", constants.O_RDWR | nameless, 0o600);
  } catch {
    // No /dev/shm, or a kernel or file system without nameless files: one that is unlinked at once is the same.
    const folder = mkdtempSync(join(tmpdir(), "dockersnap-file-"));
    try {
      const file = openSync(join(folder, "file"), constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
      unlinkSync(join(folder, "file"));
      return file;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
