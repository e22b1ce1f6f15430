/** A promise with its ends in hand. `Promise.withResolvers` does the same, but not in Node 20. */
export interface Deferred {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(reason: unknown): void;
}

export function deferred(): Deferred {
  let ends: Omit<Deferred, "promise"> | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    ends = { resolve, reject };
  });
  if (ends === undefined) throw new Error("A promise runs its executor at once.");
  return { promise, ...ends };
}
