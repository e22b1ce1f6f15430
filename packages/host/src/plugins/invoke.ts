import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { inputFile, type PipeStock } from "./pipes.ts";
import { isGroupAlive, isGroupRunning, signalGroup } from "./process-group.ts";

/** How a plugin's process came to its end. `stopped`: it broke a bound and was ended for it. */
export type Ending = (
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals }
  | { readonly kind: "timeout"; readonly afterMs: number }
  | { readonly kind: "cancelled"; readonly reason: unknown }
  | { readonly kind: "stopped"; readonly why: string }
  | { readonly kind: "unstartable"; readonly cause: unknown }
) & {
  /** SIGKILL was needed: it did not end on SIGTERM, or it ended and a descendant held its output open. */
  readonly killed?: true;
};

export interface Invocation {
  readonly path: string;
  readonly command: string;
  /**
   * What it reads on stdin; without it stdin is empty. One that is still to come, and never rejects, is waited for by the
   * process, whose time begins with it.
   */
  readonly input: string | Promise<string> | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Its working folder; `/` when left out. */
  readonly cwd?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Called with every chunk as it comes. An answer is the reason to stop the plugin. */
  readonly onStdout: (chunk: Buffer) => string | undefined;
  readonly onStderr: (chunk: Buffer) => string | undefined;
  /** Kill what was started and is in the process group no more; without it such a process runs on. */
  readonly endStrays?: () => Promise<void>;
}

/** Between SIGTERM and SIGKILL. */
const graceMs = 2_000;
/**
 * For a pipe to end once the plugin has exited. A shell that sends its output through `tee` exits before that has written the
 * last of it; who holds the pipe longer than this is a descendant that was forgotten.
 */
const drainMs = 1_000;
/** For the kernel to end what was killed; only a process stuck in the kernel takes longer, and nobody waits for that one. */
const reapMs = 1_000;

/**
 * Run one plugin command to its end. When it resolves, everything written was handed over and the plugin's process group
 * has been left alone (it ended by itself), or is gone with its strays (it was ended, or it exited with a descendant on its
 * output).
 */
export async function invoke(pipes: PipeStock, invocation: Invocation): Promise<Ending> {
  const { signal } = invocation;
  if (signal?.aborted) return { kind: "cancelled", reason: signal.reason };
  const child = await start(pipes, invocation);
  if ("kind" in child) return child;
  return follow(child, invocation);
}

interface Started {
  readonly pid: number;
  /** Where an input that was not there at the start goes. */
  readonly stdin: Socket | undefined;
  readonly exited: Promise<Ending>;
  readonly stdout: Socket;
  readonly stderr: Socket;
}

async function start(
  pipes: PipeStock,
  { path, command, input, env, cwd = "/" }: Invocation,
): Promise<Started | Ending> {
  const stdout = await pipes.take();
  const stderr = await pipes.take();
  const late = input instanceof Promise ? await pipes.take() : undefined;
  const kept = [stdout.readEnd, stderr.readEnd, ...(late === undefined ? [] : [late.writeEnd])];
  const ours: number[] = [stdout.writeEnd, stderr.writeEnd, ...(late === undefined ? [] : [late.readEnd])];
  let child: ChildProcess;
  try {
    let stdin: number | "ignore" = late?.readEnd ?? "ignore";
    if (typeof input === "string") {
      stdin = inputFile(input);
      ours.push(stdin);
    }
    child = spawn(path, [command], {
      // execa ends a process and what it can find below it; here the group itself is the unit, also after its leader is gone.
      detached: true,
      cwd,
      env: { ...env },
      stdio: [stdin, stdout.writeEnd, stderr.writeEnd],
    });
  } catch (cause) {
    for (const descriptor of kept) closeSync(descriptor);
    return { kind: "unstartable", cause };
  } finally {
    for (const descriptor of ours) closeSync(descriptor);
  }
  const { pid } = child;
  const exited = new Promise<Ending>((resolve) => {
    child.once("error", (cause) => resolve({ kind: "unstartable", cause }));
    child.once("exit", (code, name) =>
      resolve(code === null ? { kind: "signal", signal: name ?? "SIGKILL" } : { kind: "exit", code }),
    );
  });
  if (pid === undefined) {
    for (const descriptor of kept) closeSync(descriptor);
    return exited;
  }
  return {
    pid,
    exited,
    stdin: late && new Socket({ fd: late.writeEnd, readable: false, writable: true }),
    stdout: reader(stdout.readEnd),
    stderr: reader(stderr.readEnd),
  };
}

const reader = (fd: number) => new Socket({ fd, readable: true, writable: false });

async function follow({ pid, exited, stdin, stdout, stderr }: Started, invocation: Invocation): Promise<Ending> {
  const { input, signal, timeoutMs } = invocation;
  let overrun: Ending | undefined;
  const stop = Promise.withResolvers<Ending>();
  const hand = (take: (chunk: Buffer) => string | undefined) => (chunk: Buffer) => {
    if (overrun !== undefined) return;
    const why = take(chunk);
    if (why === undefined) return;
    overrun = { kind: "stopped", why };
    // What it writes from here on is read by nobody, and need not be carried here until it has ended.
    stdout.destroy();
    stderr.destroy();
    stop.resolve(overrun);
  };
  const drained = Promise.all([drain(stdout, hand(invocation.onStdout)), drain(stderr, hand(invocation.onStderr))]);
  const cancel = () => stop.resolve({ kind: "cancelled", reason: signal?.reason });
  signal?.addEventListener("abort", cancel, { once: true });
  // Aborted between the check and here, while pipes were made.
  if (signal?.aborted) cancel();
  let deadline: NodeJS.Timeout | undefined;
  let isOver = false;
  const begin = () => {
    if (!isOver) deadline = setTimeout(() => stop.resolve({ kind: "timeout", afterMs: timeoutMs }), timeoutMs);
  };
  // A plugin may leave it unread, or be gone.
  stdin?.on("error", () => undefined);
  if (input instanceof Promise) {
    void input.then((text) => {
      stdin?.end(text);
      begin();
    });
  } else begin();
  try {
    const stopped = await Promise.race([exited.then(() => undefined), stop.promise]);
    if (stopped !== undefined) {
      const killed = await endGroup(pid, Promise.all([exited, drained]), invocation.endStrays);
      return killed ? { ...stopped, killed } : stopped;
    }
    const held = !(await within(drained, drainMs));
    if (held) {
      signalGroup(pid, "SIGKILL");
      await invocation.endStrays?.();
      await within(drained, drainMs);
    }
    const ending = overrun ?? (await exited);
    return held ? { ...ending, killed: true } : ending;
  } finally {
    isOver = true;
    clearTimeout(deadline);
    stdin?.destroy();
    signal?.removeEventListener("abort", cancel);
    stdout.destroy();
    stderr.destroy();
  }
}

/** Resolves when nobody can write any more. */
function drain(stream: Socket, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve) => {
    stream.on("data", take);
    // A read error ends the stream like its end does; what the plugin said is then judged by what arrived.
    stream.on("error", () => resolve());
    stream.on("close", () => resolve());
  });
}

/** Whether SIGKILL was needed. */
async function endGroup(pid: number, gone: Promise<unknown>, endStrays: Invocation["endStrays"]): Promise<boolean> {
  signalGroup(pid, "SIGTERM");
  const grace = pause(graceMs);
  await Promise.race([gone, grace.over]);
  let killed = false;
  if (isGroupAlive(pid) && isGroupRunning(pid)) {
    await grace.over;
    killed = isGroupRunning(pid);
    signalGroup(pid, "SIGKILL");
  }
  grace.cancel();
  await endStrays?.();
  await within(gone, reapMs);
  return killed;
}

/** Whether it settled within this time. What arrived meanwhile is handed over before the answer is no. */
async function within(done: Promise<unknown>, ms: number): Promise<boolean> {
  const wait = pause(ms);
  const isDone = done.then(() => true);
  const inTime = await Promise.race([isDone, wait.over.then(() => false)]);
  wait.cancel();
  if (inTime) return true;
  // After a busy stretch the timer comes up before the reads that were due; give those their turn.
  const turn = new Promise<boolean>((resolve) => setImmediate(() => setImmediate(() => resolve(false))));
  return Promise.race([turn, isDone]);
}

function pause(ms: number): { readonly over: Promise<void>; cancel(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  return { over: promise, cancel: () => clearTimeout(timer) };
}
