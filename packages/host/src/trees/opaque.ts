import { execFileSync } from "node:child_process";
import type { Directory } from "./entry.ts";

const attribute = "trusted.overlay.opaque";

/** Of one directory's header. */
const mostOutput = 1_048_576;
const timeoutMs = 10_000;

/**
 * Whether a directory of an overlay hides all that lies below it, as one does that was deleted and made again. That is an
 * extended attribute, which Node cannot read; tar(1) writes it into the header of an archive.
 */
export function isOpaque(directory: Directory): boolean {
  const options = ["--create", "--file=-", "--no-recursion", "--xattrs", `--xattrs-include=${attribute}`];
  const archive = execFileSync("tar", [...options, "--directory", `/proc/${process.pid}/fd/${directory.fd}`, "."], {
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: mostOutput,
    timeout: timeoutMs,
  });
  return archive.includes(`SCHILY.xattr.${attribute}=y`);
}
