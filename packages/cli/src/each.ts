import type { FollowOptions } from "@dockersnap/client";
import { exitCodes } from "./failure.ts";
import { fanOut } from "./fan-out.ts";
import type { Follower } from "./follow.ts";
import type { Io } from "./io.ts";
import type { Output } from "./output/output.ts";

interface Deed<Item> {
  /** What is said of each, such as "Stopped". */
  readonly past: string;
  readonly nameOf: (item: Item) => string;
  act(item: Item, options: FollowOptions): Promise<unknown>;
}

interface Surroundings {
  readonly follow: Follower;
  readonly out: Output;
  readonly io: Io;
}

/**
 * Does the same for each. A single one is followed step by step; several are done side by side, each succeeds or fails by
 * itself, and the exit code is 0 only if all succeeded.
 */
export async function forEach<Item>(
  items: readonly Item[],
  { past, nameOf, act }: Deed<Item>,
  { follow, out, io }: Surroundings,
): Promise<number> {
  const [only, ...others] = items;
  if (only !== undefined && others.length === 0) {
    const answer = await follow((following) => act(only, following));
    await out.done(answer, { text: () => `${past} ${nameOf(only)}.\n`, names: () => [nameOf(only)] });
    return exitCodes.done;
  }
  const { done, failed } = await fanOut(items, { nameOf, io, out }, async (item, signal) => {
    await act(item, { signal });
    out.note(`${past} ${nameOf(item)}.`);
    return nameOf(item);
  });
  const all = `${past} ${done.length} of ${items.length}: ${done.join(", ") || "none"}.\n`;
  await out.done({ done, failed }, { text: () => all, names: () => done });
  return failed.length === 0 ? exitCodes.done : exitCodes.failed;
}
