import { type ChildProcess, spawn } from "node:child_process";
import type { Log } from "@dockersnap/core";

/** A monitor that ends at once is started again later and later, up to this. */
const longestPauseMs = 30_000;

/** By then a program that was started listens. */
const begunMs = 1_000;

/** One that lived this long did its work; its end is an accident. */
const soundLifeMs = 10_000;

/**
 * A program of the host that tells of changes for as long as it runs, such as `nft monitor`. That it says something is all
 * that counts: what it says is never read, since names that others chose are in it.
 */
export class Monitor {
  readonly #command: readonly string[];
  readonly #told: () => void;
  readonly #log: Log;
  #child: ChildProcess | undefined;
  #again: NodeJS.Timeout | undefined;
  #pauseMs = 100;
  #isClosed = false;

  /** `told` is called at each change, and whenever the program begins to listen: before that it may have missed some. */
  constructor(command: readonly string[], told: () => void, log: Log) {
    this.#command = command;
    this.#told = told;
    this.#log = log;
  }

  /** Whether it is listening. */
  get isUp(): boolean {
    return this.#child !== undefined;
  }

  start(): void {
    // A daemon that is killed takes it along.
    const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", ...this.#command], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const begun = performance.now();
    this.#child = child;
    child.unref();
    if ("unref" in child.stdout && typeof child.stdout.unref === "function") child.stdout.unref();
    child.stdout.on("data", this.#told);
    child.on("spawn", this.#told);
    // The program does not say when it has begun to listen.
    setTimeout(this.#told, begunMs).unref();
    child.on("error", (error) => this.#ended(child, begun, error.message));
    child.on("exit", (code, signal) => this.#ended(child, begun, signal ?? `exit code ${code}`));
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#again);
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  #ended(child: ChildProcess, begun: number, reason: string): void {
    if (this.#isClosed || this.#child !== child) return;
    this.#child = undefined;
    if (performance.now() - begun > soundLifeMs) this.#pauseMs = 100;
    this.#log.warn("a program that tells of changes on the host's network ended and is started again", {
      program: this.#command.join(" "),
      reason,
      in_ms: this.#pauseMs,
    });
    this.#again = setTimeout(() => this.start(), this.#pauseMs);
    this.#again.unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
  }
}
