import type { Clock } from "../base/clock.ts";
import type { Machine, MachineState } from "../base/machine.ts";

interface Deps {
  readonly machine: Machine;
  readonly clock: Clock;
}

/** One start that asks to begin. */
export interface Arrival {
  /** Starts of one group take turns with those of others: a hundred clones of one instance keep nobody else waiting. */
  readonly group: string;
  readonly signal: AbortSignal;
  /** Told again and again while it waits: how many other engines come first or are starting. */
  readonly waits: (others: number) => void;
}

interface Waiting extends Arrival {
  readonly begin: (running: Running) => void;
}

interface Running {
  readonly group: string;
  readonly since: number;
  /** How many there were when it began, itself included. */
  readonly sideBySide: number;
}

/** Fewer than this begin at once on no machine: while one engine waits for its disk, another can use the processor. */
const leastAtOnce = 2;
const mostPerProcessor = 8;

/** What an engine takes soon after it began, which the machine does not show yet. */
const memoryPerStart = 192 * 1_048_576;

/** How often the machine is looked at while somebody waits. */
const lookMs = 250;

/** A share of idle processors from which on one more engine can start. */
const enoughIdle = 0.2;

/** No engine starts in less; one that took less was up already. */
const plainStartMs = 500;

/** How many times as long as the quickest start another may take before there are too many side by side. */
const tooSlow = 4;

/**
 * Lets as many engines start side by side as the machine carries, and the others after them. It begins with one for each
 * processor, takes more while processors are idle and starts are quick, and fewer where they are slow, fail, or memory is
 * short. One may always start.
 */
export class StartGate {
  readonly #deps: Deps;
  readonly #running = new Set<Running>();
  #waiting: Waiting[] = [];
  #most: number;
  #quickestMs = Number.POSITIVE_INFINITY;
  #cancelLook: (() => void) | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#most = Math.max(leastAtOnce, deps.machine.processors);
  }

  /** Do `start` when its turn has come. Rejects with the signal's reason when that aborts before. */
  async pass<T>(arrival: Arrival, start: () => Promise<T>): Promise<T> {
    arrival.signal.throwIfAborted();
    const isFree = this.#waiting.length === 0 && this.#fits(this.#deps.machine.look());
    const running = isFree ? this.#begin(arrival) : await this.#turnOf(arrival);
    try {
      const result = await start();
      this.#learn(running);
      return result;
    } catch (error) {
      // One that was called off says nothing about the machine.
      if (!arrival.signal.aborted) this.#limit(Math.floor(this.#most / 2));
      throw error;
    } finally {
      this.#running.delete(running);
      this.#admit();
    }
  }

  #begin({ group }: Arrival): Running {
    const running = { group, since: this.#deps.clock.monotonic(), sideBySide: this.#running.size + 1 };
    this.#running.add(running);
    return running;
  }

  async #turnOf(arrival: Arrival): Promise<Running> {
    const { signal } = arrival;
    const { promise, resolve, reject } = Promise.withResolvers<Running>();
    const waiting: Waiting = { ...arrival, begin: resolve };
    const abort = () => {
      this.#waiting = this.#waiting.filter((one) => one !== waiting);
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    this.#waiting.push(waiting);
    this.#tell();
    this.#lookLater();
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #lookLater(): void {
    this.#cancelLook ??= this.#deps.clock.after(lookMs, () => {
      this.#cancelLook = undefined;
      this.#admit();
      this.#tell();
      if (this.#waiting.length > 0) this.#lookLater();
    });
  }

  /** Begin what fits now. At most one at a look is beyond the usual number: what it takes shows at the next. */
  #admit(): void {
    if (this.#waiting.length === 0) return;
    const state = this.#deps.machine.look();
    for (const [index, next] of this.#inOrder().entries()) {
      if (!this.#fits(state) && !(index === 0 && this.#fitsBeyond(state))) return;
      this.#waiting = this.#waiting.filter((one) => one !== next);
      next.begin(this.#begin(next));
    }
  }

  #fits(state: MachineState): boolean {
    const running = this.#running.size;
    return running === 0 || (running < this.#most && hasMemory(state, running));
  }

  #fitsBeyond(state: MachineState): boolean {
    const running = this.#running.size;
    const isIdle = state.idle >= enoughIdle && running < this.#deps.machine.processors * mostPerProcessor;
    return isIdle && hasMemory(state, running);
  }

  #learn({ since, sideBySide }: Running): void {
    const tookMs = this.#deps.clock.monotonic() - since;
    this.#quickestMs = Math.max(plainStartMs, Math.min(this.#quickestMs, tookMs));
    if (tookMs > tooSlow * this.#quickestMs) this.#limit(Math.min(this.#most, sideBySide) - 1);
    else if (sideBySide >= this.#most) this.#limit(this.#most + 1);
  }

  #limit(most: number): void {
    this.#most = Math.max(1, Math.min(most, this.#deps.machine.processors * mostPerProcessor));
  }

  #tell(): void {
    for (const [index, one] of this.#inOrder().entries()) one.waits(this.#running.size + index);
  }

  /** Who begins next: of the group that has the fewest, and of several such the one that came first. */
  #inOrder(): Waiting[] {
    const having = new Map<string, number>();
    for (const { group } of this.#running) having.set(group, (having.get(group) ?? 0) + 1);
    const left = [...this.#waiting];
    const order: Waiting[] = [];
    while (left.length > 0) {
      const fewest = Math.min(...left.map(({ group }) => having.get(group) ?? 0));
      const at = left.findIndex(({ group }) => (having.get(group) ?? 0) === fewest);
      const [next] = left.splice(at, 1);
      if (next === undefined) break;
      having.set(next.group, fewest + 1);
      order.push(next);
    }
    return order;
  }
}

function hasMemory({ availableMemory }: MachineState, running: number): boolean {
  return availableMemory >= (running + 1) * memoryPerStart;
}
