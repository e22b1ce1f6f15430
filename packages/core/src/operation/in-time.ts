/** As `work` settles, or rejects with the reason when the signal aborts or the time is over first. */
export async function inTime<T>(work: Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const bound = AbortSignal.any([signal, AbortSignal.timeout(ms)]);
  const onAbort = () => reject(bound.reason);
  bound.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, late]);
  } finally {
    bound.removeEventListener("abort", onAbort);
    work.catch(() => undefined);
  }
}
