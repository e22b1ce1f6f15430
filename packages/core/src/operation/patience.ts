/** A bound that is renewed as long as something is heard. */
export interface Patience {
  readonly signal: AbortSignal;
  renew(): void;
}

/** Its signal aborts once nothing was heard for `ms`, at the latest for twice as long. */
export function patienceOf(ms: number): Patience {
  const over = new AbortController();
  let isRenewed = false;
  const arm = () => {
    isRenewed = false;
    const timeout = AbortSignal.timeout(ms);
    timeout.addEventListener("abort", () => (isRenewed ? arm() : over.abort(timeout.reason)), { once: true });
  };
  arm();
  return {
    signal: over.signal,
    renew: () => {
      isRenewed = true;
    },
  };
}
