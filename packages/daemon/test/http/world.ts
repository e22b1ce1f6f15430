import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHttpServer, type HttpServerOptions } from "../../src/http/server.ts";
import { createLog } from "../../src/log.ts";
import { FakeService } from "./fake-service.ts";

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever came, for a test to look into.
  readonly json: any;
}

export interface Ask {
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Buffer;
  /** Of this machine, to send from. */
  readonly localAddress?: string;
  /** Leave the connection open. */
  readonly keepAlive?: boolean;
}

/** A server on a free port of the loopback, with a service a test can drive. */
export async function openWorld(options: Partial<Pick<HttpServerOptions, "bounds">> & { token?: string } = {}) {
  const dashboardDir = mkdtempSync(join(tmpdir(), "ds-http-"));
  mkdirSync(join(dashboardDir, "assets"));
  writeFileSync(join(dashboardDir, "index.html"), "<!doctype html><title>dockersnap</title>");
  writeFileSync(join(dashboardDir, "assets", "main.js"), "export {};");
  writeFileSync(join(dashboardDir, "secret.unknown"), "not served");
  const lines: string[] = [];
  const log = createLog({ level: "debug", destination: { write: (line: string) => void lines.push(line) } });
  const service = new FakeService();
  const server = createHttpServer({
    service,
    config: { api: { listen: { host: "127.0.0.1", port: 0 }, token: options.token } },
    log,
    dashboardDir,
    version: "1.2.3",
    ...(options.bounds === undefined ? {} : { bounds: options.bounds }),
  });
  const { port, address } = await server.listen();
  let open = true;

  /** Send, and resolve as soon as the headers are here. */
  async function begin(
    method: string,
    path: string,
    { headers = {}, body, raw, localAddress, keepAlive }: Ask = {},
  ): Promise<IncomingMessage> {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const agent = keepAlive === true ? new Agent({ keepAlive }) : false;
    const sent = request({ host: "127.0.0.1", port, method, path, headers, agent, localAddress });
    if (payload !== undefined) sent.setHeader("content-length", Buffer.byteLength(payload));
    sent.end(payload);
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    return response;
  }

  async function ask(method: string, path: string, how: Ask = {}): Promise<Reply> {
    const response = await begin(method, path, how);
    const text = (await response.setEncoding("utf8").toArray()).join("");
    const isJson = response.headers["content-type"]?.startsWith("application/json") === true && text !== "";
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text,
      json: isJson ? JSON.parse(text) : undefined,
    };
  }

  /** Bytes in, bytes out, until the server closes. */
  async function exchange(text: string): Promise<string> {
    const socket = createConnection({ host: "127.0.0.1", port });
    socket.write(text);
    return (await socket.setEncoding("utf8").toArray()).join("");
  }

  return {
    service,
    server,
    port,
    address,
    begin,
    ask,
    exchange,
    /** What was logged, line by line. */
    logged: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    async close(graceMs = 0) {
      if (!open) return;
      open = false;
      await server.close(graceMs);
      rmSync(dashboardDir, { recursive: true });
    },
    async [Symbol.asyncDispose]() {
      await this.close();
    },
  };
}
