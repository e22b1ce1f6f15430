import { type ChildProcessByStdio, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { constants } from "node:os";
import { CommandError } from "./commandError.ts";
import { hasErrno } from "./errno.ts";
import { identify, isAlive, type ProcessIdentity } from "./identity.ts";
import { bounds, passLines, type RunOptions, type RunResult, run } from "./run.ts";
import { closeFiles, contents, type Files, openFiles, pathOf } from "./standard-files.ts";

export type ToolOptions = Pick<RunOptions, "input" | "timeoutMs" | "maxOutput">;

/**
 * `run` for the kernel's small tools (`ip`, `nft`, `btrfs`): the same promises, at a tenth of the cost.
 *
 * Node starts a program by forking, for which the kernel copies the page tables of the whole daemon: milliseconds in which
 * nothing else of it goes on, and more than such a tool takes. A shell of one megabyte, started once, forks in its place.
 */
export async function runTool(program: string, args: readonly string[], options: ToolOptions = {}): Promise<RunResult> {
  const files = canBeTold([program, ...args]) ? openFiles(options.input) : undefined;
  return files === undefined ? run(program, args, options) : shell.run(program, args, options, files);
}

/** The shell reads its orders a byte at a time, and a word to each line. */
const longestOrder = 32_768;

function canBeTold(words: readonly string[]): boolean {
  const order = words.join("");
  return order.length <= longestOrder && !order.includes("\n");
}

/** A tool that writes more is ended by the kernel: its output is kept in memory until it has ended. */
const longestOutput = 64 * 1024 * 1024;

/**
 * Reads orders and reports on each twice: with the pid of what waits for the tool, and with the tool's exit code. The script
 * is fixed, and no word of an order is ever a part of it. What was waited for is reaped with the next order.
 */
const script = `ulimit -f ${longestOutput / 512}
while IFS= read -r order; do
  IFS= read -r input; IFS= read -r output; IFS= read -r errors; IFS= read -r count
  set --
  while [ "$count" -gt 0 ]; do IFS= read -r word; set -- "$@" "$word"; count=$((count - 1)); done
  {
    read -r pid rest </proc/self/stat; echo "$order $pid"
    "$@" <"$input" >"$output" 2>"$errors"; echo "$order ended $?"
  } &
done`;

type Shell = ChildProcessByStdio<Socket, Socket, null>;

interface Order {
  readonly shell: Shell;
  readonly program: string;
  readonly args: readonly string[];
  readonly maxOutput: number;
  readonly files: Files;
  readonly settle: (outcome: RunResult | CommandError) => void;
  /** The shell's child that waits for the tool. */
  waiter?: ProcessIdentity | undefined;
  deadline: NodeJS.Timeout;
  isLate: boolean;
}

class ToolShell {
  #shell: Shell | undefined;
  readonly #orders = new Map<string, Order>();
  #count = 0;

  run(program: string, args: readonly string[], options: ToolOptions, files: Files): Promise<RunResult> {
    const { promise, resolve, reject } = Promise.withResolvers<RunResult>();
    const shell = this.#running();
    this.#count += 1;
    const name = String(this.#count);
    this.#orders.set(name, {
      shell,
      program,
      args,
      maxOutput: options.maxOutput ?? bounds.maxOutput,
      files,
      settle: (outcome) => (outcome instanceof CommandError ? reject(outcome) : resolve(outcome)),
      deadline: setTimeout(() => this.#end(name), options.timeoutMs ?? bounds.timeoutMs),
      isLate: false,
    });
    // Whoever waits for a tool keeps the process; an idle shell does not.
    shell.stdout.ref();
    const words = [program, ...args];
    const paths = [files.input, files.output, files.errors].map(pathOf);
    shell.stdin.write([name, ...paths, words.length, ...words, ""].join("\n"));
    return promise;
  }

  #running(): Shell {
    if (this.#shell !== undefined) return this.#shell;
    // In a session of its own: a Ctrl-C meant for the daemon ends neither it nor a tool half way.
    const shell = spawn("sh", ["-c", script], { stdio: ["pipe", "pipe", "inherit"], detached: true }) as Shell;
    shell.unref();
    shell.stdin.unref();
    // It is gone, which its end tells as well.
    shell.stdin.on("error", () => undefined);
    passLines(shell.stdout, (line) => this.#hear(line));
    shell.on("error", (cause) => this.#lose(shell, cause));
    shell.on("exit", () => {
      this.#shell = undefined;
    });
    // Later than its exit: tools that are under way are still reported on.
    shell.on("close", () => this.#lose(shell, new Error("the shell that starts tools was ended")));
    this.#shell = shell;
    return shell;
  }

  #hear(line: string): void {
    const [name = "", word = "", code] = line.split(" ");
    const order = this.#orders.get(name);
    if (order === undefined) return;
    if (code === undefined) order.waiter = identify(Number(word));
    else this.#settle(name, order, outcomeOf(order, Number(code)));
  }

  #settle(name: string, order: Order, outcome: RunResult | CommandError): void {
    this.#orders.delete(name);
    clearTimeout(order.deadline);
    closeFiles(order.files);
    if (this.#orders.size === 0) this.#shell?.stdout.unref();
    order.settle(outcome);
  }

  #lose(lost: Shell, cause: Error): void {
    if (this.#shell === lost) this.#shell = undefined;
    for (const [name, order] of this.#orders) {
      const { program, args } = order;
      if (order.shell === lost) {
        this.#settle(name, order, new CommandError({ program, args, reason: "spawn" }, { cause }));
      }
    }
  }

  /** Past its deadline; its end is reported as always. */
  #end(name: string): void {
    const order = this.#orders.get(name);
    if (order === undefined) return;
    const isRepeated = order.isLate;
    order.isLate = true;
    order.deadline = setTimeout(() => this.#end(name), bounds.graceMs);
    for (const tool of toolsOf(order)) signalTree(tool, isRepeated ? "SIGKILL" : "SIGTERM");
  }
}

const shell = new ToolShell();

function outcomeOf({ program, args, files, maxOutput, isLate }: Order, code: number): RunResult | CommandError {
  const [stdout, stderr] = [contents(files.output, maxOutput), contents(files.errors, maxOutput)];
  if (code === 0 && !isLate && stdout !== undefined && stderr !== undefined) return { stdout, stderr };
  const outcome = { program, args, stdout: stdout ?? "", stderr: stderr ?? "" };
  if (isLate) return new CommandError({ ...outcome, reason: "timeout" });
  const signal = signalOf(code);
  if (stdout === undefined || stderr === undefined || signal === "SIGXFSZ") {
    return new CommandError({ ...outcome, reason: "output" });
  }
  if (signal !== undefined) return new CommandError({ ...outcome, reason: "signal", signal });
  const errno = code === 127 ? "ENOENT" : code === 126 ? "EACCES" : undefined;
  if (errno === undefined) return new CommandError({ ...outcome, reason: "exit", exitCode: code });
  const cause = Object.assign(new Error(`${program}: ${errno}`), { code: errno });
  return new CommandError({ ...outcome, reason: "spawn" }, { cause });
}

/** By which a shell's exit code says that the program was ended. */
function signalOf(code: number): NodeJS.Signals | undefined {
  return Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0] as
    | NodeJS.Signals
    | undefined;
}

/** None when its report is under way: the pid of what waited for it can be somebody else's then. */
function toolsOf({ waiter }: Order): readonly number[] {
  return waiter !== undefined && isAlive(waiter) ? childrenOf(waiter.pid) : [];
}

function signalTree(pid: number, signal: NodeJS.Signals): void {
  for (const child of childrenOf(pid)) signalTree(child, signal);
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!hasErrno(error, "ESRCH")) throw error;
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ESRCH")) return [];
    throw error;
  }
}
