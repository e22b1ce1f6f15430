import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../../src/process/run.ts";
import { RecordsDisk } from "../../src/records/disk.ts";

const MiB = 1024 * 1024;

/** A disk of its own for the records. */
async function onDisk(size: number, act: (folder: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ds-records-disk-"));
  await run("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder]);
  try {
    act(folder);
  } finally {
    await run("umount", [folder]);
    rmSync(folder, { recursive: true });
  }
}

it.each([
  { size: 40 * MiB, kept: 8 * MiB },
  { size: 20 * MiB, kept: 4 * MiB },
])("keeps a part of a small disk in reserve: $kept of $size bytes", async ({ size, kept }) => {
  await onDisk(size, (folder) => {
    const disk = new RecordsDisk(join(folder, "records.db"));
    disk.keep();
    disk.keep();
    expect(statSync(join(folder, "records.db.reserve")).size).toBe(kept);
    expect(disk.room()).toMatchObject({ kept_bytes: kept, state: "ok" });
    // As much as the disk takes.
    expect(() => writeFileSync(join(folder, "bulk"), Buffer.alloc(size))).toThrow("ENOSPC");
    expect(disk.room()).toMatchObject({
      state: "full",
      advice: expect.stringContaining("deletes and stops still work"),
    });
    expect(disk.release()).toBe(true);
    writeFileSync(join(folder, "records.db"), Buffer.alloc(MiB));
  });
});

it("says that deletes and stops may be refused as well where a disk was full before anything could be kept", async () => {
  await onDisk(40 * MiB, (folder) => {
    expect(() => writeFileSync(join(folder, "bulk"), Buffer.alloc(41 * MiB))).toThrow("ENOSPC");
    const disk = new RecordsDisk(join(folder, "records.db"));
    disk.keep();
    const advice = expect.stringMatching(/^Free space on that disk\. Nothing is kept .* may be refused/);
    expect(disk.room()).toMatchObject({ kept_bytes: 0, state: "full", advice });
  });
});
