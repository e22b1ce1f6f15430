import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { run } from "../../src/process/run.ts";

const module = fileURLToPath(new URL("../../src/process/watch-limits.ts", import.meta.url));
const look = `const { usedUpWatchLimit } = await import(${JSON.stringify(module)}); console.log(JSON.stringify(usedUpWatchLimit() ?? null));`;

/** What a process sees that may have so many: of a user namespace of its own, so that nobody else is kept from any. */
async function seenWith(key: string, count: number): Promise<{ key: string; value: number; wanted: number } | null> {
  const script = 'echo "$2" > "/proc/sys/user/$1" && exec "$3" --input-type=module -e "$4"';
  const args = ["--user", "--map-root-user", "sh", "-c", script, "sh", key, String(count), process.execPath, look];
  return JSON.parse((await run("unshare", args)).stdout);
}

it.each([
  ["max_inotify_instances", "fs.inotify.max_user_instances"],
  ["max_inotify_watches", "fs.inotify.max_user_watches"],
])("names the limit on watching files that is used up, with more than it is: %s", async (own, key) => {
  const seen = await seenWith(own, 0);
  expect(seen).toMatchObject({ key });
  expect(seen?.wanted).toBeGreaterThanOrEqual(2 * (seen?.value ?? Number.NaN));
  expect(await seenWith(own, 1_000)).toBeNull();
});
