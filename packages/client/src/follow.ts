import { DockersnapError, type Operation, type ProgressEvent } from "@dockersnap/contract/words";
import { pathOf } from "./address.ts";
import { readLines } from "./body.ts";
import { type Call, errorFrom, type FetchResponse, isRecord, type Transport } from "./transport.ts";
import { DaemonUnreachableError } from "./unreachable.ts";

export interface FollowOptions {
  /** Each event once and in order, also across a lost connection; the terminal one included. */
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
  /** Called once, when the operation's id is known. */
  readonly onOperation?: ((id: string) => void) | undefined;
  /** The connection was lost and the operation is about to be followed again from where it was. */
  readonly onReconnect?: ((attempt: number) => void) | undefined;
  /** Stops following. The operation goes on; `operations.cancel` is what ends it. */
  readonly signal?: AbortSignal | undefined;
}

const ndjson = "application/x-ndjson";
const maxLineLength = 1024 * 1024;

/** Attempts to take a lost connection up again, counted anew whenever an event arrives. */
const maxReconnects = 6;
const firstDelayMs = 100;

/** A quiet stream may be a peer that is gone without a word, so after this long it is opened again. */
const silenceMs = 300_000;

/**
 * Starts an operation and waits for its end. Resolves with what the plain JSON answer would have been; rejects with the
 * operation's own error, or with `DaemonUnreachableError` when the daemon stays away.
 */
export async function startAndFollow(transport: Transport, call: Call, options: FollowOptions): Promise<unknown> {
  const followed = { ...call, accept: ndjson, signal: options.signal };
  const response = await transport.open(followed);
  const id = response.headers.get("dockersnap-operation") ?? undefined;
  if (id !== undefined) options.onOperation?.(id);
  if (!response.headers.get("content-type")?.includes(ndjson)) return transport.read(followed, response);
  const last = await follow(transport, id, options, response);
  return id === undefined ? resultWithoutRecord(last) : resultOf(transport, id, options.signal);
}

/** Follows an operation from its first event to its end, and answers with its record, whatever the end was. */
export async function followOperation(transport: Transport, id: string, options: FollowOptions): Promise<Operation> {
  await follow(transport, id, options);
  return readOperation(transport, id, options.signal);
}

/** Calls back for each event until the terminal one, which it answers with. */
async function follow(
  transport: Transport,
  id: string | undefined,
  options: FollowOptions,
  first?: FetchResponse,
): Promise<ProgressEvent> {
  let response = first;
  let seen = 0;
  let attempt = 0;
  for (;;) {
    try {
      response ??= await openEvents(transport, id, options.signal);
      let index = 0;
      for await (const line of linesOf(transport, response, id, options.signal)) {
        if (line.trim() === "") continue;
        const event = parseEvent(line);
        // An event may stand for some that the daemon no longer keeps.
        index += typeof event.omitted === "number" ? event.omitted : 1;
        // Every stream begins at the operation's first event. A daemon that was restarted may know fewer of them.
        if (index <= seen && !isTerminal(event)) continue;
        seen = Math.max(seen, index);
        attempt = 0;
        if (id === undefined) throwRefusal(event);
        options.onProgress?.(event);
        if (isTerminal(event)) return event;
      }
      response = undefined;
      if (id === undefined || !(await hasEnded(transport, id, options.signal))) throw lost(transport, id);
      return { step: "complete", status: "done" };
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof DaemonUnreachableError) || id === undefined || attempt === maxReconnects) throw error;
      response = undefined;
      attempt += 1;
      options.onReconnect?.(attempt);
      // A daemon that is being restarted needs a moment until it listens again; nothing announces that it does.
      await delay(firstDelayMs * 2 ** (attempt - 1), options.signal);
    }
  }
}

/** A daemon that ended in between brings an operation to its end on its own, without events for anyone. */
async function hasEnded(transport: Transport, id: string, signal: AbortSignal | undefined): Promise<boolean> {
  const { status } = await readOperation(transport, id, signal);
  return status !== "running" && status !== "undoing";
}

async function openEvents(transport: Transport, id: string | undefined, signal: AbortSignal | undefined) {
  if (id === undefined) throw lost(transport, id);
  try {
    return await transport.open({ method: "GET", path: pathOf("followOperation", { id }), accept: ndjson, signal });
  } catch (error) {
    // Also what a daemon that is just going down or coming up answers.
    const starting = error instanceof DockersnapError && (error.code === "shutting_down" || error.code === "not_ready");
    throw starting || error instanceof DaemonUnreachableError ? lost(transport, id, error) : error;
  }
}

async function* linesOf(
  transport: Transport,
  response: FetchResponse,
  id: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  if (response.body === null) return;
  try {
    yield* readLines(response.body, { maxLength: maxLineLength, silenceMs });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw error instanceof DockersnapError ? error : lost(transport, id, error);
  }
}

async function resultOf(transport: Transport, id: string, signal: AbortSignal | undefined): Promise<unknown> {
  const operation = await readOperation(transport, id, signal);
  if (operation.status === "done") return operation.result;
  if (operation.error !== undefined) throw errorFrom(operation.error) ?? unclear(operation);
  throw operation.status === "cancelled"
    ? new DockersnapError("cancelled", `Operation ${id} was cancelled and undone.`)
    : unclear(operation);
}

async function readOperation(transport: Transport, id: string, signal: AbortSignal | undefined): Promise<Operation> {
  const record = await transport.json({ method: "GET", path: pathOf("getOperation", { id }), signal });
  if (!isRecord(record) || typeof record.status !== "string") {
    throw new DockersnapError("internal", `The daemon's record of operation ${id} has no status.`);
  }
  return record as Operation;
}

function unclear(operation: Operation): DockersnapError {
  return new DockersnapError(
    "internal",
    `Operation ${operation.id} ended without a reason (status ${operation.status}). The daemon's log has more.`,
  );
}

/** What was refused before any operation began ends in an event with the code of the refusal. */
function throwRefusal({ step, status, message, code, details }: ProgressEvent): void {
  if (step !== "error" || status !== "error" || code === undefined) return;
  const refusal = errorFrom({ error: message, code, details });
  if (refusal !== undefined) throw refusal;
}

/** A daemon that names no operation has no record to read a result or a code from. */
function resultWithoutRecord(last: ProgressEvent): unknown {
  if (last.status === "error") throw new DockersnapError("internal", last.message ?? "The daemon named no reason.");
  return { status: "ok" };
}

function isTerminal(event: ProgressEvent): boolean {
  return (event.step === "complete" && event.status === "done") || (event.step === "error" && event.status === "error");
}

function parseEvent(line: string): ProgressEvent {
  const event = parseJson(line);
  if (!isRecord(event) || typeof event.step !== "string" || typeof event.status !== "string") {
    throw new DockersnapError("internal", "The daemon sent a line of progress that names no step and status.");
  }
  return event as ProgressEvent;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new DockersnapError("internal", "The daemon sent a line that is not JSON.", { cause });
  }
}

function lost(transport: Transport, operation: string | undefined, cause?: unknown): DaemonUnreachableError {
  const fate = operation === undefined ? "what it was asked to do may go on" : `operation ${operation} goes on there`;
  return new DaemonUnreachableError(
    transport.baseUrl,
    `The connection to the daemon at ${transport.baseUrl} was lost; ${fate}.`,
    { operation, cause },
  );
}

export function delay(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => {
    clearTimeout(timer);
    reject(signal?.reason);
  };
  const timer = setTimeout(() => {
    signal?.removeEventListener("abort", abort);
    resolve();
  }, ms);
  signal?.addEventListener("abort", abort, { once: true });
  return promise;
}
