import { request as httpRequest, type IncomingMessage } from "node:http";
import { DockersnapError } from "@dockersnap/contract/words";

export interface EngineRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly signal: AbortSignal;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Bytes of the answer that are read; a longer one rejects. Default: 16 MiB. */
  readonly maxBytes?: number;
}

export interface EngineResponse {
  readonly status: number;
  readonly body: string;
}

/** Send one request to dockerd's socket and resolve with its answer's head, the body still to be read. */
export function open(socket: string, { method, path, signal, body }: EngineRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  // A connection per request: nothing is kept open that outlives the engine.
  const headers = { host: "docker", ...(body === undefined ? {} : { "content-type": "application/json" }) };
  const sent = httpRequest({ socketPath: socket, method, path, signal, agent: false, headers });
  sent.on("response", resolve);
  sent.on("error", reject);
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

/** Send one request to dockerd's socket and read the whole answer. Rejects with Node's own error when nobody answers. */
export async function request(socket: string, options: EngineRequest): Promise<EngineResponse> {
  const maxBytes = options.maxBytes ?? 16 * 1024 * 1024;
  const response = await open(socket, options);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) {
      response.destroy();
      throw new DockersnapError("internal", `The engine's answer to ${options.path} is longer than ${maxBytes} bytes.`);
    }
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") };
}

/** Whether dockerd answers. While it is still starting the answer waits in its queue, so give the signal that long. */
export async function answersPing(socket: string, signal: AbortSignal): Promise<boolean> {
  try {
    const { status } = await request(socket, { method: "GET", path: "/_ping", signal, maxBytes: 64 * 1024 });
    return status === 200;
  } catch {
    // Every way of not answering means the same to whoever asks whether it does.
    return false;
  }
}
