import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { busyboxArchive } from "../busybox.ts";
import { tar } from "../tar.ts";

test("an archive is read by tar, with its modes, links and contents", () => {
  const archive = tar([
    { path: "bin/", mode: 0o755 },
    { path: "bin/tool", mode: 0o755, content: Buffer.from("x".repeat(600)) },
    { path: "bin/alias", mode: 0o777, link: "tool" },
    { path: "empty", mode: 0o600, content: Buffer.alloc(0) },
  ]);
  const listing = execFileSync("tar", ["-tv", "--numeric-owner", "--utc"], { input: archive, encoding: "utf8" });
  expect(listing.trim().split(/\n/)).toEqual([
    expect.stringMatching(/^drwxr-xr-x 0\/0 +0 1970-01-01 00:00 bin\/$/),
    expect.stringMatching(/^-rwxr-xr-x 0\/0 +600 .* bin\/tool$/),
    expect.stringMatching(/^lrwxrwxrwx .* bin\/alias -> tool$/),
    expect.stringMatching(/^-rw------- .* empty$/),
  ]);
});

test("the image's archive holds a busybox that serves", async () => {
  const archive = await busyboxArchive();
  if (archive === undefined) throw new Error("This test needs a static busybox in PATH (busybox-static).");
  const listing = execFileSync("tar", ["-t"], { input: await buffer(archive), encoding: "utf8" }).split("\n");
  expect(listing).toEqual(expect.arrayContaining(["bin/busybox", "bin/sh", "http-echo"]));
});

test("a script or a program with a loader is no busybox", async () => {
  const folder = mkdtempSync(join(tmpdir(), "echo-busybox-"));
  try {
    execFileSync("cp", ["/usr/bin/env", join(folder, "busybox")]);
    const archive = await busyboxArchive(folder, []);
    expect(archive).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
