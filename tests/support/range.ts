import { mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

/** One entry a range that is in use, with the pid of who uses it; gone after a reboot, as the networks are. */
const claims = "/run/dockersnap-test-ranges";

/** A corner of the private range that nobody else here uses, in pieces of 64 subnets. */
const ranges = Array.from({ length: 640 }, (_, index) => `10.${200 + Math.floor(index / 16)}.${(index % 16) * 16}.0`);

/** Subnets of a world's own, whatever other worlds there are on this machine. */
export function claimRange(): { readonly baseOffset: string; release(): void } {
  mkdirSync(claims, { recursive: true });
  for (const baseOffset of ranges) {
    const claim = join(claims, baseOffset);
    try {
      symlinkSync(String(process.pid), claim);
      return { baseOffset, release: () => rmSync(claim, { force: true }) };
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  }
  throw new Error(`Every range is in use; see ${claims}.`);
}

/** Free what runs that were killed had claimed. */
export function sweepRanges(): void {
  mkdirSync(claims, { recursive: true });
  for (const entry of readdirSync(claims)) {
    const claim = join(claims, entry);
    try {
      process.kill(Number(readlinkSync(claim)), 0);
    } catch {
      rmSync(claim, { force: true });
    }
  }
}
