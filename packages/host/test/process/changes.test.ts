import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { onChange } from "../../src/process/changes.ts";

const changes = fileURLToPath(new URL("../../src/process/changes.ts", import.meta.url));

it("tells of the entry of a folder that changed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "changes-"));
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const watcher = onChange(folder, resolve);
  try {
    await writeFile(join(folder, "made"), "");
    expect(await promise).toBe("made");
  } finally {
    watcher.close();
    await rm(folder, { recursive: true });
  }
});

it("throws for a path that does not exist", () => {
  expect(() => onChange("/nonexistent/file", () => undefined)).toThrow("ENOENT");
});

it("still tells of a change when the kernel has no watch left for this user", async () => {
  const script = `
    import { watch } from "node:fs";
    import { onChange } from ${JSON.stringify(changes)};
    try { watch("/tmp", () => undefined); console.log("watched"); } catch (error) { console.log(error.code); }
    const watcher = onChange("/tmp", (entry) => { console.log(entry); watcher.close(); });`;
  // The limit is the user namespace's own, so nobody else on this machine runs out.
  const { stdout } = await promisify(execFile)("unshare", [
    ...["--user", "--map-root-user", "sh", "-c"],
    'echo 0 >/proc/sys/user/max_inotify_instances; exec "$@"',
    ...["sh", process.execPath, "--input-type=module", "--eval", script],
  ]);
  expect(stdout).toBe("EMFILE\nundefined\n");
});
