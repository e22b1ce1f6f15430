import { expect, it } from "vitest";
import { patienceOf } from "../../src/operation/patience.ts";

it("ends when nothing was heard for a while, and not before as long as something is", async () => {
  const { signal, renew } = patienceOf(25);
  const ended = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  const began = performance.now();
  await expect
    .poll(
      () => {
        renew();
        return performance.now() - began;
      },
      { interval: 1 },
    )
    .toBeGreaterThan(200);
  expect(signal.aborted).toBe(false);
  await ended;
});
