import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../../src/process/run.ts";
import { createTreeComparer } from "../../src/trees/comparer.ts";

/** A layer over an image before and after somebody worked in it through a real overlay. */
class Layered implements AsyncDisposable {
  readonly #dir = mkdtempSync(join(tmpdir(), "ds-overlay-"));

  constructor(image: Readonly<Record<string, string>>) {
    for (const path of ["now/own", "now/work", "now/merged"]) mkdirSync(join(this.#dir, path), { recursive: true });
    for (const [path, text] of Object.entries(image)) {
      const file = join(this.#dir, "now/image", path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }

  async work(act: (merged: string) => void): Promise<void> {
    const [image, own, work, merged] = ["image", "own", "work", "merged"].map((part) => join(this.#dir, "now", part));
    const options = `lowerdir=${image},upperdir=${own},workdir=${work}`;
    await run("mount", ["-t", "overlay", "overlay", "-o", options, merged ?? ""]);
    try {
      act(merged ?? "");
    } finally {
      await run("umount", [merged ?? ""]);
    }
  }

  keep(): Promise<unknown> {
    return run("cp", ["--archive", join(this.#dir, "now"), join(this.#dir, "kept")]);
  }

  async changes(): Promise<string[]> {
    const side = (moment: string) => ({ root: join(this.#dir, moment), folder: "own", below: ["image"] });
    const bounds = { listedPerTree: 100, listed: 100, entries: 10_000, readBytes: 1e6, ms: 20_000 };
    const { trees } = await createTreeComparer().compare(
      { pairs: [{ from: side("kept"), to: side("now") }], suspectSince: new Date(0), bounds },
      new AbortController().signal,
    );
    expect(trees[0]?.incomplete).toBe(false);
    return (trees[0]?.changes ?? []).map(({ change, path }) => `${change} ${path}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.#dir, { recursive: true });
  }
}

const image = { "etc/app/a": "1", "etc/app/b": "1", "etc/app/sub/c": "1", "etc/hosts": "1", "bin/ls": "1" };

it("sees through a folder that was deleted and made again", async () => {
  await using layered = new Layered(image);
  await layered.keep();
  await layered.work((merged) => {
    rmSync(join(merged, "etc/app"), { recursive: true });
    mkdirSync(join(merged, "etc/app"));
    writeFileSync(join(merged, "etc/app/a"), "other");
    writeFileSync(join(merged, "etc/app/new"), "1");
  });
  expect(await layered.changes()).toEqual([
    "changed etc/app/a",
    "removed etc/app/b",
    "added etc/app/new",
    "removed etc/app/sub",
  ]);
});

it("tells what comes back in such a folder as added, when the folder was made before", async () => {
  await using layered = new Layered(image);
  await layered.work((merged) => {
    rmSync(join(merged, "etc/app"), { recursive: true });
    mkdirSync(join(merged, "etc/app"));
  });
  await layered.keep();
  await layered.work((merged) => writeFileSync(join(merged, "etc/app/b"), "1"));
  expect(await layered.changes()).toEqual(["added etc/app/b"]);
});

it("tells deleted, changed and copied files of the image as somebody inside sees them", async () => {
  await using layered = new Layered(image);
  await layered.keep();
  await layered.work((merged) => {
    rmSync(join(merged, "bin/ls"));
    writeFileSync(join(merged, "etc/hosts"), "2");
    cpSync(join(merged, "etc/hosts"), join(merged, "etc/hosts.old"));
    // Copied up, and then as it was.
    writeFileSync(join(merged, "etc/app/a"), "1");
  });
  expect(await layered.changes()).toEqual(["removed bin/ls", "changed etc/hosts", "added etc/hosts.old"]);
});
