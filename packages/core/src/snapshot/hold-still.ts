import type { Platform } from "../platform.ts";
import type { HoldStill } from "../storage/driver.ts";

/**
 * Holds the containers of an instance still while a storage keeps what takes it several steps, and tells how long that was.
 * Of an engine that does not run there is nothing to hold.
 */
export function holdingContainers(
  { engines, clock }: Pick<Platform, "engines" | "clock">,
  instance: string,
  told: (ms: number) => void,
): HoldStill {
  return async () => {
    if ((await engines.state(instance)) !== "running") return { [Symbol.asyncDispose]: async () => undefined };
    const since = clock.monotonic();
    await engines.freeze(instance);
    return {
      async [Symbol.asyncDispose]() {
        await engines.thaw(instance);
        told(clock.monotonic() - since);
      },
    };
  };
}
