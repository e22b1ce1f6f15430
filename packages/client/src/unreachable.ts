/**
 * No answer came from the daemon: nothing listens there, or the connection ended and could not be taken up again.
 * `operation` is set when one had begun; it belongs to the daemon and goes on without the client.
 */
export class DaemonUnreachableError extends Error {
  override readonly name = "DaemonUnreachableError";
  readonly baseUrl: string;
  readonly operation: string | undefined;

  constructor(baseUrl: string, message: string, options: { operation?: string | undefined; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.baseUrl = baseUrl;
    this.operation = options.operation;
  }
}
