import { DockersnapError, isErrorCode } from "@dockersnap/contract/words";
import { type Body, readText } from "./body.ts";
import { DaemonUnreachableError } from "./unreachable.ts";

export interface FetchRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export interface FetchResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: Body | null;
}

/** The part of `fetch` the client needs. It rejects when no answer came, and never because of a status. */
export type Fetch = (url: string, request: FetchRequest) => Promise<FetchResponse>;

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below `/api/v1`, with its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly accept?: string;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
}

/** Sends calls to one daemon and turns whatever is not a success into an error. */
export interface Transport {
  readonly baseUrl: string;
  /** The answer as soon as its headers are here. Rejects with the daemon's `DockersnapError` on a status of 400 and up. */
  open(call: Call): Promise<FetchResponse>;
  /** An opened answer's JSON, or `undefined` for an empty one. */
  read(call: Call, response: FetchResponse): Promise<unknown>;
  /** `open`, then `read`. */
  json(call: Call): Promise<unknown>;
}

const maxAnswerBytes = 64 * 1024 * 1024;

/** How long the daemon may take until it begins to answer, and a plain answer until it is whole. */
const answerTimeoutMs = 120_000;

export function createTransport(options: { baseUrl: string; token?: string | undefined; fetch: Fetch }): Transport {
  const baseUrl = daemonUrl(options.baseUrl);

  async function open(call: Call): Promise<FetchResponse> {
    const headers: Record<string, string> = { accept: call.accept ?? "application/json", ...call.headers };
    if (options.token !== undefined && options.token !== "") headers.authorization = `Bearer ${options.token}`;
    if (call.body !== undefined) headers["content-type"] = "application/json";
    const response = await reached(call, () =>
      options.fetch(`${baseUrl}/api/v1${call.path}`, {
        method: call.method,
        headers,
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      }),
    );
    if (response.status >= 400) {
      throw refusal(response.status, await reached(call, () => text(response)), baseUrl);
    }
    return response;
  }

  async function read(call: Call, response: FetchResponse): Promise<unknown> {
    const answer = await reached(call, () => text(response));
    if (answer === "") return undefined;
    try {
      return JSON.parse(answer);
    } catch (cause) {
      throw new DockersnapError(
        "internal",
        `What answers at ${baseUrl} is not a dockersnap daemon: no JSON came back.`,
        {
          cause,
        },
      );
    }
  }

  /** Failures to get through become `DaemonUnreachableError`; an abort by the caller stays what it is. */
  async function reached<T>(call: Call, act: () => Promise<T>): Promise<T> {
    try {
      return await withDeadline(act(), call);
    } catch (cause) {
      if (cause instanceof DockersnapError || cause instanceof DaemonUnreachableError) throw cause;
      if (call.signal?.aborted) throw call.signal.reason;
      throw new DaemonUnreachableError(baseUrl, `No daemon answers at ${baseUrl}${why(cause)}.`, { cause });
    }
  }

  async function withDeadline<T>(work: Promise<T>, call: Call): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      reject(
        new DaemonUnreachableError(
          baseUrl,
          `The daemon at ${baseUrl} did not answer ${call.method} ${call.path} within ${answerTimeoutMs / 1000} s.`,
        ),
      );
    }, answerTimeoutMs);
    try {
      return await Promise.race([work, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  return { baseUrl, open, read, json: async (call) => read(call, await open(call)) };
}

function text(response: FetchResponse): Promise<string> {
  return response.body === null ? Promise.resolve("") : readText(response.body, maxAnswerBytes);
}

/** The daemon's address without a slash at its end. Anything but http and https rejects with `invalid_request`. */
function daemonUrl(baseUrl: string): string {
  const url = URL.parse(baseUrl);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new DockersnapError(
      "invalid_request",
      `'${baseUrl}' is not a daemon's address: expected one such as http://127.0.0.1:9847.`,
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

/** The daemon's own sentence where there is one; older daemons send it without a code. */
function refusal(status: number, answer: string, baseUrl: string): DockersnapError | DaemonUnreachableError {
  let body: unknown;
  try {
    body = JSON.parse(answer);
  } catch {
    return new DaemonUnreachableError(
      baseUrl,
      `What answers at ${baseUrl} is not a dockersnap daemon, or stands in front of one it cannot reach: status ${status} came back, and no JSON.`,
    );
  }
  return errorFrom(body, status) ?? new DockersnapError(codeOf(status), `The daemon answered with status ${status}.`);
}

/** `{error, code, details}` as a `DockersnapError`, or `undefined` for anything else. An unknown code becomes the status's own. */
export function errorFrom(body: unknown, status = 500): DockersnapError | undefined {
  if (typeof body !== "object" || body === null || !("error" in body) || typeof body.error !== "string")
    return undefined;
  const code = "code" in body && isErrorCode(body.code) ? body.code : codeOf(status);
  const details = "details" in body && isRecord(body.details) ? body.details : undefined;
  return new DockersnapError(code, body.error, details === undefined ? {} : { details });
}

function codeOf(status: number) {
  if (status === 401) return "unauthorized";
  if (status === 403) return "forbidden";
  if (status === 404) return "not_found";
  if (status === 409) return "wrong_state";
  if (status === 503) return "not_ready";
  return status < 500 ? "invalid_request" : "internal";
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function why(cause: unknown): string {
  for (let error = cause; error instanceof Error; error = error.cause) {
    const code = "code" in error ? error.code : undefined;
    if (code === "ECONNREFUSED") return ": nothing listens there";
    if (code === "ENOTFOUND" || code === "EAI_AGAIN") return ": the host's name is unknown";
    if (code === "ECONNRESET") return ": it closed the connection";
    if (typeof code === "string") return ` (${code})`;
  }
  return "";
}
