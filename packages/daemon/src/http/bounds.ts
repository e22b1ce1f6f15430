import { DockersnapError } from "@dockersnap/contract/words";

/** How much one daemon serves at once, and how long it waits for a client. */
export interface HttpBounds {
  readonly bodyBytes: number;
  /** Beyond it a request is told to come back; beyond a tenth more, connections are closed at once. */
  readonly connections: number;
  readonly streams: number;
  /** Of those, what one address may have, so that nobody takes them all. */
  readonly connectionsPerPeer: number;
  readonly streamsPerPeer: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** How long an answer or a stream waits for a client that does not read. */
  readonly stallTimeoutMs: number;
  readonly heartbeatMs: number;
}

export const defaultBounds: HttpBounds = {
  bodyBytes: 1_048_576,
  connections: 1_024,
  streams: 256,
  connectionsPerPeer: 768,
  streamsPerPeer: 192,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  stallTimeoutMs: 60_000,
  heartbeatMs: 15_000,
};

/** What is open, in all and of each peer. */
export class Tally {
  readonly #each = new Map<string, number>();
  #all = 0;

  get all(): number {
    return this.#all;
  }

  of(peer: string): number {
    return this.#each.get(peer) ?? 0;
  }

  /** Count one more; the returned function takes it off again, once. */
  add(peer: string): () => void {
    this.#all += 1;
    this.#each.set(peer, this.of(peer) + 1);
    let isCounted = true;
    return () => {
      if (!isCounted) return;
      isCounted = false;
      this.#all -= 1;
      const left = this.of(peer) - 1;
      if (left > 0) this.#each.set(peer, left);
      else this.#each.delete(peer);
    };
  }
}

/** Streams that are open; `too_many_requests` at a bound. */
export class StreamPlaces {
  readonly #bounds: Pick<HttpBounds, "streams" | "streamsPerPeer">;
  readonly #open = new Tally();

  constructor(bounds: Pick<HttpBounds, "streams" | "streamsPerPeer">) {
    this.#bounds = bounds;
  }

  /** Take a place; the returned function gives it back, once. */
  take(peer: string): () => void {
    const { streams, streamsPerPeer } = this.#bounds;
    if (this.#open.all >= streams)
      throw tooMany(`${streams} streams are open already, the most the daemon serves at once`);
    if (this.#open.of(peer) >= streamsPerPeer) {
      throw tooMany(`${streamsPerPeer} streams from ${peer} are open already, the most one address may have`);
    }
    return this.#open.add(peer);
  }
}

export function tooMany(what: string): DockersnapError {
  return new DockersnapError("too_many_requests", `${what}. Close one, or try again later.`);
}
