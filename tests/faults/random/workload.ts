import { type ChildProcess, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Change, type Entry, textOf } from "./tree.ts";

const program = fileURLToPath(new URL("workload.py", import.meta.url));

/** A process that does to trees what workloads do, and looks into them. It is asked one thing at a time. */
export class Workload implements Disposable {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;

  constructor() {
    const child = spawn("python3", ["-ISs", program], { stdio: ["pipe", "pipe", "inherit"] });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  /** Do this in the tree at a path. */
  async change(root: string, changes: readonly Change[]): Promise<void> {
    await this.#ask({ root, changes });
  }

  /** What is in trees, in the model's form. */
  async look(roots: readonly string[]): Promise<readonly (string | undefined)[]> {
    return ((await this.#ask({ look: roots })) as [string, Entry][][]).map(textOf);
  }

  [Symbol.dispose](): void {
    this.#child.stdin?.end();
    this.#lines.close();
  }

  async #ask(request: unknown): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error("The workload's process ended.");
    const { failure, answer } = JSON.parse(value);
    if (failure !== undefined) throw new Error(failure);
    return answer;
  }
}
