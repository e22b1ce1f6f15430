/** As `work` settles, or rejects with the reason when the signal aborts first; the work goes on for others who wait for it. */
export async function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    work.catch(() => undefined);
  }
}

/** As `beforeAbort`, with so many milliseconds at most. */
export function inTime<T>(work: Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
  return beforeAbort(work, AbortSignal.any([signal, AbortSignal.timeout(ms)]));
}
