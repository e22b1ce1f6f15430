import type { Clock } from "../base/clock.ts";
import type { EngineApi } from "../engine/engine.ts";
import { beforeAbort } from "../operation/in-time.ts";

interface Deps {
  readonly engines: { api(name: string): EngineApi };
  readonly clock: Clock;
  /** An engine that was found not to answer does so again. */
  readonly answersAgain: (instance: string) => void;
}

/** A question under way. It goes on when nobody waits any more, and its answer tells that the engine is back. */
interface Asked {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  isLate: boolean;
}

/** An engine answers in milliseconds, and where the whole machine is busy in a few seconds. */
const patienceMs = 10_000;

/** Whether engines answer at all. A dockerd that hangs is there, takes connections, and says nothing. */
export class EngineAnswers {
  readonly #deps: Deps;
  readonly #asked = new Map<string, Asked>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** A sentence where the engine neither answered nor refused in time. */
  async silent(instance: string, signal: AbortSignal): Promise<string | undefined> {
    const asked = this.#asked.get(instance) ?? this.#ask(instance);
    const late = Promise.withResolvers<string>();
    const cancel = this.#deps.clock.after(patienceMs, () => {
      asked.isLate = true;
      late.resolve(engineSilence(instance, patienceMs));
    });
    try {
      return await beforeAbort(Promise.race([asked.ended.then(() => undefined), late.promise]), signal);
    } finally {
      cancel();
    }
  }

  forget(instance: string): void {
    this.#asked.get(instance)?.stop.abort();
    this.#asked.delete(instance);
  }

  stop(): void {
    for (const instance of [...this.#asked.keys()]) this.forget(instance);
  }

  #ask(instance: string): Asked {
    const stop = new AbortController();
    const end = (answered: boolean) => {
      if (this.#asked.get(instance) !== asked) return;
      this.#asked.delete(instance);
      if (answered && asked.isLate) this.#deps.answersAgain(instance);
    };
    const ended = this.#deps.engines
      .api(instance)
      .ping(stop.signal)
      .then(
        () => end(true),
        // It ended or refuses, and whoever asks it for something is told why.
        () => end(false),
      );
    const asked: Asked = { stop, ended, isLate: false };
    this.#asked.set(instance, asked);
    return asked;
  }
}

/** What is said of an engine that has not answered for so long, with the way out. */
export function engineSilence(instance: string, ms: number): string {
  return `The Docker engine of '${instance}' has not answered for ${ms / 1000} seconds. If that does not pass, 'dockersnap restart ${instance}' starts it again, with its containers.`;
}
