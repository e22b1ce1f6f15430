/**
 * Every failure a client can meet, in one table: the stable word, its HTTP status, and the exit code of the
 * command line. Codes are only ever added.
 */
export const errorCodes = {
  invalid_request: {
    status: 400,
    exit: 2,
    meaning: "The request is invalid; all its problems are listed.",
  },
  unauthorized: { status: 401, exit: 1, meaning: "A token is needed, or the one sent is wrong." },
  forbidden: {
    status: 403,
    exit: 1,
    meaning: "The request is not allowed: it comes from a foreign origin or host name.",
  },
  not_found: { status: 404, exit: 3, meaning: "The named thing does not exist; similar names are suggested." },
  already_exists: { status: 409, exit: 4, meaning: "The name or label is taken." },
  busy: { status: 409, exit: 4, meaning: "Another operation is running on the instance; the message names it." },
  protected: { status: 409, exit: 4, meaning: "The snapshot is protected; clear the protection first." },
  wrong_state: { status: 409, exit: 4, meaning: "The instance is not in a state where this is possible." },
  payload_too_large: { status: 413, exit: 2, meaning: "The body is larger than the daemon reads." },
  unsupported_media_type: { status: 415, exit: 2, meaning: "The body is not JSON." },
  plugin_refused: { status: 422, exit: 1, meaning: "The plugin's own validation refused the configuration." },
  key_reused: {
    status: 422,
    exit: 2,
    meaning: "The Idempotency-Key was used for another request; a new request needs a new key.",
  },
  too_many_requests: { status: 429, exit: 1, meaning: "Too many connections or streams are open; try again later." },
  internal: { status: 500, exit: 1, meaning: "The daemon failed; its log has the cause." },
  plugin_failed: { status: 502, exit: 1, meaning: "The plugin failed, crashed or broke its contract." },
  not_ready: { status: 503, exit: 1, meaning: "The daemon or the engine is not ready yet." },
  shutting_down: { status: 503, exit: 1, meaning: "The daemon is stopping." },
  cancelled: { status: 409, exit: 1, meaning: "The operation was cancelled and undone." },
  no_space: {
    status: 507,
    exit: 1,
    meaning: "The pool or the disk with the records is full; nothing was changed.",
  },
  read_only: { status: 503, exit: 1, meaning: "The pool is read-only, so nothing in it can be changed." },
  unmounted: {
    status: 503,
    exit: 1,
    meaning: "The pool is not mounted where it belongs, so nothing in it can be reached.",
  },
  unsupported: {
    status: 501,
    exit: 1,
    meaning: "This host or its pool cannot do that; the message says what is missing.",
  },
} as const satisfies Record<string, { status: number; exit: number; meaning: string }>;

export type ErrorCode = keyof typeof errorCodes;

export function isErrorCode(word: unknown): word is ErrorCode {
  return typeof word === "string" && Object.hasOwn(errorCodes, word);
}

/**
 * A failure a person can act on: a sentence naming the thing, the cause and the next step, with its stable code.
 * `details` carries what a program needs to act (the holder of a lock, the nearest name), never prose.
 */
export class DockersnapError extends Error {
  override readonly name = "DockersnapError";
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, options: { details?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
  }
}
