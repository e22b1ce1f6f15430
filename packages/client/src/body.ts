import { DockersnapError } from "@dockersnap/contract/words";

/** The part of a `ReadableStream` that reading takes. */
export interface Body {
  getReader(): BodyReader;
}

export interface BodyReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  /** Ends a pending read as well, and frees the connection. */
  cancel(): Promise<unknown>;
}

interface LineBounds {
  readonly maxLength: number;
  /** How long the sender may say nothing. */
  readonly silenceMs: number;
}

/** The whole body as text. More than `maxBytes` rejects with `internal`: no answer of a daemon is that long. */
export async function readText(body: Body, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of chunks(body, Number.POSITIVE_INFINITY)) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes)
      throw new DockersnapError("internal", `The daemon's answer is longer than ${maxBytes} bytes.`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * The body's lines as they arrive, without their ends (`\n` or `\r\n`); a last line without one counts.
 * A line that is too long rejects with `internal`, a silence that is too long with a plain error.
 */
export async function* readLines(body: Body, { maxLength, silenceMs }: LineBounds): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks(body, silenceMs)) {
    rest += decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = rest.indexOf("\n"); end !== -1; end = rest.indexOf("\n", start)) {
      yield bounded(rest.slice(start, rest[end - 1] === "\r" ? end - 1 : end), maxLength);
      start = end + 1;
    }
    rest = bounded(rest.slice(start), maxLength);
  }
  rest += decoder.decode();
  if (rest !== "") yield bounded(rest, maxLength);
}

function bounded(line: string, maxLength: number): string {
  if (line.length > maxLength) {
    throw new DockersnapError("internal", `The daemon sent a line of more than ${maxLength} characters.`);
  }
  return line;
}

/** Leaving the loop early cancels the body. */
async function* chunks(body: Body, silenceMs: number): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await withinSilence(reader.read(), silenceMs);
      if (done) return;
      if (value !== undefined) yield value;
    }
  } finally {
    // Rejects when the stream already failed, and that failure is on its way to the caller.
    await reader.cancel().catch(() => undefined);
  }
}

async function withinSilence<T>(read: Promise<T>, silenceMs: number): Promise<T> {
  if (silenceMs === Number.POSITIVE_INFINITY) return read;
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`Nothing came for ${silenceMs / 1000} s.`)), silenceMs);
  try {
    return await Promise.race([read, promise]);
  } finally {
    clearTimeout(timer);
  }
}
