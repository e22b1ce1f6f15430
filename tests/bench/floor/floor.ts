import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { busyboxArchive } from "../../../plugins/echo/busybox.ts";
import { cleanEnvironment, type World } from "../../support/world.ts";

const script = join(import.meta.dirname, "floor.sh");

/**
 * The acts of `floor.sh`, on the pool of a world and with the echo plugin's own image. One shell does them all, so that none
 * of them pays for its start.
 */
export class Floor implements AsyncDisposable {
  readonly #shell: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #log: string;

  private constructor(shell: ChildProcess, log: string) {
    if (shell.stdout === null) throw new Error("The shell was started without its output.");
    this.#shell = shell;
    this.#answers = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
    this.#log = log;
  }

  static async start(world: World): Promise<Floor> {
    const folder = join(world.dir, "floor");
    mkdirSync(folder);
    const archive = join(folder, "image.tar");
    const image = await busyboxArchive();
    if (image === undefined) throw new Error("This host has no static busybox (the package busybox-static).");
    await writeFile(archive, image);
    const log = join(folder, "log");
    const output = openSync(log, "a");
    const words = [join(world.stateDir, "pool/floor"), join(world.runDir, "floor"), archive, `${world.id}-`];
    const shell = spawn("bash", [script, ...words], {
      // An interrupt from the terminal is for the benchmark, which ends the shell when it has cleaned up.
      detached: true,
      stdio: ["pipe", "pipe", output],
      env: cleanEnvironment(),
    });
    closeSync(output);
    return new Floor(shell, log);
  }

  /** Do one act; resolves with the milliseconds it took. */
  async act(...words: readonly string[]): Promise<number> {
    const begun = performance.now();
    this.#shell.stdin?.write(`${words.join(" ")}\n`);
    const { value } = await this.#answers.next();
    const took = performance.now() - begun;
    if (value !== "done") throw new Error(`The bare script ${value ?? "ended"}:\n${readFileSync(this.#log, "utf8")}`);
    return took;
  }

  /** The address its instances answer at, the first made being 0. A number is free again after a delete. */
  address(number: number): string {
    return `198.18.${number}.2`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#shell.exitCode !== null || this.#shell.signalCode !== null) return;
    const ended = once(this.#shell, "exit");
    this.#shell.stdin?.end();
    await ended;
  }
}
