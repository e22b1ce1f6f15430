import { DockersnapError } from "@dockersnap/contract/words";

/** How much one daemon serves at once, and how long it waits for a client. */
export interface HttpBounds {
  readonly bodyBytes: number;
  /** Beyond it a request is told to come back; beyond a tenth more, connections are closed at once. */
  readonly connections: number;
  readonly streams: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** How long a stream waits for a client that does not read. */
  readonly stallTimeoutMs: number;
  readonly heartbeatMs: number;
}

export const defaultBounds: HttpBounds = {
  bodyBytes: 1_048_576,
  connections: 512,
  streams: 128,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  stallTimeoutMs: 60_000,
  heartbeatMs: 15_000,
};

/** Counts what is open; `too_many_requests` at the bound. */
export class Places {
  readonly #most: number;
  readonly #what: string;
  #taken = 0;

  constructor(most: number, what: string) {
    this.#most = most;
    this.#what = what;
  }

  /** Take a place; the returned function gives it back, once. */
  take(): () => void {
    if (this.#taken >= this.#most) {
      throw new DockersnapError(
        "too_many_requests",
        `${this.#most} ${this.#what} are open already, the most the daemon serves at once. Close one, or try again later.`,
      );
    }
    this.#taken += 1;
    let mine = true;
    return () => {
      if (mine) this.#taken -= 1;
      mine = false;
    };
  }
}
