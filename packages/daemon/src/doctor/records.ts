import { size } from "@dockersnap/contract/words";
import type { Records } from "@dockersnap/core";
import type { Finding } from "./checks.ts";

/** Free space of the disk with the records. */
export function checkRecordsDisk(records: Pick<Records, "room">): Finding {
  const { free_bytes, kept_bytes, mountpoint, path, state, advice } = records.room();
  const subject = "records: disk";
  const seen = `${size(free_bytes)} free at ${mountpoint}`;
  if (state === "full") {
    return { subject, seen, advice: `It holds ${path} and is full, and nothing new is begun. ${advice}` };
  }
  if (kept_bytes !== 0) return { subject, seen };
  return {
    subject,
    seen,
    hint: "Nothing is kept in reserve for deletes and stops on a full disk. The daemon keeps 16 MiB as soon as 64 MiB are free, and less on less.",
  };
}
