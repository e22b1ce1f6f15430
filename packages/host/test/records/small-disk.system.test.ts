import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../../src/process/run.ts";
import { RecordsDisk } from "../../src/records/disk.ts";

const MiB = 1024 * 1024;

it.each([
  { size: 40 * MiB, kept: 8 * MiB },
  { size: 20 * MiB, kept: 4 * MiB },
])("keeps a part of a small disk in reserve: $kept of $size bytes", async ({ size, kept }) => {
  const folder = mkdtempSync(join(tmpdir(), "ds-records-disk-"));
  await run("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder]);
  try {
    const disk = new RecordsDisk(join(folder, "records.db"));
    disk.keep();
    disk.keep();
    expect(statSync(join(folder, "records.db.reserve")).size).toBe(kept);
    // As much as the disk takes.
    expect(() => writeFileSync(join(folder, "bulk"), Buffer.alloc(size))).toThrow("ENOSPC");
    expect(disk.release()).toBe(true);
    writeFileSync(join(folder, "records.db"), Buffer.alloc(MiB));
  } finally {
    await run("umount", [folder]);
    rmSync(folder, { recursive: true });
  }
});
