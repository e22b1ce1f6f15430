import { setTimeout as pause } from "node:timers/promises";
import type { Log } from "@dockersnap/core";
import { followEvents } from "./api/events.ts";

/** After any of these a container's published ports may be others. */
const filter = {
  type: ["container", "network"],
  event: [
    ...["create", "start", "restart", "die", "stop", "kill", "destroy", "pause", "unpause", "rename", "update"],
    ...["connect", "disconnect"],
    // No port changes with it, but how the instance is.
    "health_status",
  ],
};

/** Pauses before each further attempt to bring dockerd back; after the last the engine is given up. */
const retryPausesMs = [0, 500, 1_000, 2_000, 4_000, 8_000];
/** A dockerd that stayed this long was well, and its next end begins a new count. */
const steadyMs = 60_000;

export interface WatchedEngine {
  readonly name: string;
  readonly socket: string;
  readonly log: Log;
  sandboxLives(): boolean;
  /** Resolves when nothing of the sandbox lives any more. */
  untilSandboxEnded(signal: AbortSignal): Promise<void>;
  /** Make dockerd answer again in its living sandbox. */
  revive(signal: AbortSignal): Promise<void>;
  changed(): void;
  /** The engine has ended without being asked, and the watch with it. */
  gone(reason: string): void;
}

/**
 * Follows one running engine until it is closed: reports changes, brings a dockerd back that ended alone (its
 * containers live on), and reports the end of the whole engine.
 */
export class Watch {
  readonly #engine: WatchedEngine;
  readonly #closed = new AbortController();
  readonly #done: Promise<void>;
  #givenUp = false;

  constructor(engine: WatchedEngine) {
    this.#engine = engine;
    this.#done = this.#run();
  }

  get sandboxLives(): boolean {
    return this.#engine.sandboxLives();
  }

  /** Whether dockerd answers or is coming back. */
  get holds(): boolean {
    return !this.#givenUp;
  }

  /** Resolves when nothing is reported and nothing started any more. Leaves the engine as it is. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    let reason: string;
    try {
      reason = await this.#follow(signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#engine.log.error("watching an engine failed", { instance: this.#engine.name, error });
      reason = "it can no longer be watched";
    }
    this.#givenUp = true;
    this.#engine.gone(reason);
  }

  async #follow(signal: AbortSignal): Promise<string> {
    const { name, log } = this.#engine;
    let attempts = 0;
    while (true) {
      const since = performance.now();
      await this.#report(signal);
      signal.throwIfAborted();
      if (performance.now() - since > steadyMs) attempts = 0;

      let revived = false;
      while (!revived) {
        if (!this.#engine.sandboxLives()) return "its sandbox ended";
        const pauseMs = retryPausesMs[attempts];
        if (pauseMs === undefined) return `dockerd ended and could not be started again in ${attempts} attempts`;
        attempts += 1;
        if (await this.#endsWithin(pauseMs, signal)) return "its sandbox ended";
        try {
          await this.#engine.revive(signal);
          revived = true;
          log.info("dockerd had ended by itself and answers again", { instance: name });
        } catch (error) {
          signal.throwIfAborted();
          log.warn("dockerd ended by itself and did not come back at once", { instance: name, attempts, error });
        }
      }
    }
  }

  /** Follow one stream of events to its end. */
  async #report(signal: AbortSignal): Promise<void> {
    try {
      for await (const _ of followEvents(this.#engine.socket, filter, signal)) this.#engine.changed();
    } catch (error) {
      // However the stream ended, dockerd has to be looked after; this says why for a person.
      if (!signal.aborted) this.#engine.log.debug("an engine's events ended", { instance: this.#engine.name, error });
    }
  }

  /** A sandbox on its way down still counts as living, so its end is waited for along with the pause. */
  async #endsWithin(pauseMs: number, signal: AbortSignal): Promise<boolean> {
    if (pauseMs === 0) return false;
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const ended = this.#engine.untilSandboxEnded(either).then(() => true);
    const waited = pause(pauseMs, false, { signal: either });
    try {
      return await Promise.race([ended, waited]);
    } finally {
      for (const late of [ended, waited]) late.catch(() => {});
      over.abort();
    }
  }
}
