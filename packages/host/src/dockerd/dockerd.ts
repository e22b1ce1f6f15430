import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, rmSync } from "node:fs";
import { DockersnapError } from "@dockersnap/contract/words";
import type { ReportEngineProgress } from "@dockersnap/core";
import { hasErrno } from "../process/errno.ts";
import { killProcess, type ProcessIdentity, untilGone } from "../process/identity.ts";
import { untilAnswering } from "./api/ready.ts";
import { setLiveRestore } from "./configuration.ts";
import type { Engine, EngineEnvironment } from "./engine.ts";
import { lastWords } from "./last-words.ts";
import { untilRemoved } from "./removal.ts";
import { findByInnerPid, inCgroup, inSandbox } from "./sandbox.ts";
import { StartBound } from "./start-bound.ts";

/** A dockerd that is there and neither answers nor works for so long is stuck. */
const stuckAfterMs = 15_000;
const killDeadlineMs = 5_000;

/** Its log is appended to over dockerd's restarts in one sandbox and begins anew beyond this. */
const maxLogBytes = 4 * 1024 * 1024;

/**
 * Start dockerd inside the living sandbox and resolve when its API answers. `not_ready` with its last words when it
 * ends before; the signal's reason when that aborts, with dockerd left to whoever takes the sandbox down.
 */
export async function startDockerd(
  { dockerBinary, environment, startTimeoutMs }: EngineEnvironment,
  engine: Engine,
  init: ProcessIdentity,
  signal: AbortSignal,
  report?: ReportEngineProgress,
): Promise<void> {
  const { name, files, group, configurationInside } = engine;
  // A number left in there by an earlier dockerd can belong to a living process of the same sandbox, and a socket
  // nobody listens on would be asked in vain.
  for (const file of [files.dockerdPidFile, files.socket]) rmSync(file, { force: true });

  const command = inSandbox(init, [dockerBinary, "--config-file", configurationInside]);
  const [program, ...args] = inCgroup(group.entrances, command);
  const log = openLog(files.log);
  const child = spawn(program, args, { cwd: "/", env: environment, detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  child.unref();

  const settled = new AbortController();
  using bound = new StartBound(engine, init, { timeoutMs: startTimeoutMs, report });
  const waiting = AbortSignal.any([signal, bound.signal, settled.signal]);
  const answering = untilAnswering(files.socket, waiting);
  const exited = once(child, "exit", { signal: waiting }).then(async ([code, killedBy]) => {
    const words = await lastWords(files.log);
    throw new DockersnapError(
      "not_ready",
      `The engine of '${name}' did not come up: dockerd ended with ${code === null ? killedBy : `code ${code}`}${words === "" ? "" : `: ${words}`}.`,
    );
  });
  try {
    await Promise.race([answering, exited]);
  } catch (error) {
    signal.throwIfAborted();
    if (!(bound.signal.aborted && bound.signal.reason instanceof DockersnapError)) throw error;
    const words = await lastWords(files.log);
    throw new DockersnapError(
      "not_ready",
      `${bound.signal.reason.message}${words === "" ? "" : ` It said: ${words}`}`,
      {
        cause: error,
      },
    );
  } finally {
    // Whoever lost the race has nobody left to report to.
    for (const late of [answering, exited]) late.catch(() => {});
    settled.abort();
  }
}

/**
 * See to it that dockerd answers in its living sandbox: one that does is left alone, one that is coming up is waited
 * for, one that is stuck is ended, one that is gone is started again. Resolves true if it was started.
 */
export async function reviveDockerd(
  environment: EngineEnvironment,
  engine: Engine,
  init: ProcessIdentity,
  signal: AbortSignal,
  report?: ReportEngineProgress,
): Promise<boolean> {
  const dockerd = findDockerd(engine);
  const { liveRestore } = engine;
  if (dockerd !== undefined) {
    if (await answersInTime(engine, dockerd, init, signal)) {
      // A clean stop that did not come to its end turned it off.
      if (await setLiveRestore(engine.files, liveRestore)) killProcess(dockerd, "SIGHUP");
      return false;
    }
    await endProcess(dockerd, signal);
  }
  await setLiveRestore(engine.files, liveRestore);
  await startDockerd(environment, engine, init, signal, report);
  return true;
}

/**
 * False when it does not answer, and at once when it is shutting down or its process ends. The kernel closes the connections
 * of a process that was killed while it is still listed, so whoever was told by one of these finds it among the living.
 */
async function answersInTime(
  engine: Engine,
  dockerd: ProcessIdentity,
  init: ProcessIdentity,
  signal: AbortSignal,
): Promise<boolean> {
  const { files } = engine;
  const over = new AbortController();
  using patience = new StartBound(engine, init, { timeoutMs: stuckAfterMs });
  const bound = AbortSignal.any([signal, over.signal, patience.signal]);
  const answering = untilAnswering(files.socket, bound).then(() => true);
  const isShuttingDown = untilRemoved(files.dockerdPidFile, bound).then(() => false);
  const gone = untilGone(dockerd, bound).then(() => false);
  try {
    return await Promise.race([answering, isShuttingDown, gone]);
  } catch {
    signal.throwIfAborted();
    return false;
  } finally {
    for (const late of [answering, isShuttingDown, gone]) late.catch(() => {});
    over.abort();
  }
}

/** The engine's dockerd by the host's pid, whoever started it. */
export function findDockerd({ files, group }: Pick<Engine, "files" | "group">): ProcessIdentity | undefined {
  let text: string;
  try {
    text = readFileSync(files.dockerdPidFile, "utf8");
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
  const innerPid = Number(text.trim());
  return Number.isSafeInteger(innerPid) && innerPid > 1 ? findByInnerPid(group, innerPid) : undefined;
}

/** End the engine's dockerd and leave its containers running; one that is gone has ended. */
export async function endDockerd(engine: Engine): Promise<void> {
  const dockerd = findDockerd(engine);
  // Asked to end, it would take its containers along wherever live restore is off.
  if (dockerd !== undefined) await endProcess(dockerd, new AbortController().signal);
}

async function endProcess(process: ProcessIdentity, signal: AbortSignal): Promise<void> {
  killProcess(process, "SIGKILL");
  await untilGone(process, AbortSignal.any([signal, AbortSignal.timeout(killDeadlineMs)]));
}

/** Shortens an overgrown log; a dockerd that still writes to it goes on at its end, because it appends. */
function openLog(path: string): number {
  const log = openSync(path, "a", 0o600);
  if (fstatSync(log).size > maxLogBytes) ftruncateSync(log, 0);
  return log;
}
