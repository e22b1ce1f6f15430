import type { Records } from "@dockersnap/core";
import { mib } from "./bytes.ts";
import type { Finding } from "./checks.ts";

/** Free space of the disk with the records. */
export function checkRecordsDisk(records: Pick<Records, "room">): Finding {
  const { free_bytes, mountpoint, path, state } = records.room();
  const subject = "records: disk";
  const seen = `${mib(free_bytes)} MiB free at ${mountpoint}`;
  if (state === "ok") return { subject, seen };
  return {
    subject,
    seen,
    advice: `It is full, and nothing new is begun: free space on the disk mounted at ${mountpoint}, which holds ${path}.`,
  };
}
