import type { FollowOptions } from "@dockersnap/client";
import { exitCodes, InterruptedError } from "./failure.ts";
import { fanOut } from "./fan-out.ts";
import type { Follower } from "./follow.ts";
import type { Io } from "./io.ts";
import type { Output } from "./output/output.ts";

interface Deed {
  /** What is said of each name, such as "Stopped". */
  readonly past: string;
  act(name: string, options: FollowOptions): Promise<unknown>;
}

/**
 * Does the same for each name. One name is followed step by step; several are done side by side, each succeeds or fails by
 * itself, and the exit code is 0 only if all succeeded.
 */
export async function forEach(
  names: readonly string[],
  { past, act }: Deed,
  { follow, out, io }: { readonly follow: Follower; readonly out: Output; readonly io: Io },
): Promise<number> {
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) {
    const answer = await follow((following) => act(only, following));
    await out.done(answer, { text: () => `${past} ${only}.\n`, names: () => [only] });
    return exitCodes.done;
  }
  const stop = new AbortController();
  using _interrupts = io.onInterrupt(() => {
    stop.abort(new InterruptedError("Left running: operations that have begun continue. See 'dockersnap operations'."));
  });
  const { done, failed } = await fanOut(names, async (name) => {
    await act(name, { signal: stop.signal });
    out.note(`${past} ${name}.`);
    return name;
  });
  for (const { name, error } of failed) out.warn(`${name}: ${error}`);
  await out.done(
    { done, failed },
    { text: () => `${past} ${done.length} of ${names.length}: ${done.join(", ") || "none"}.\n`, names: () => done },
  );
  return failed.length === 0 ? exitCodes.done : exitCodes.failed;
}
