import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface ReceivedRequest {
  readonly route: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

export type Reply = (request: ReceivedRequest, response: ServerResponse) => void | Promise<void>;

/** Answers by "METHOD /path?query" below /api/v1; a list of replies is used up one by one, the last one again. */
export type Script = Record<string, Reply | Reply[]>;

export interface ScriptedDaemon extends AsyncDisposable {
  readonly url: string;
  readonly received: ReceivedRequest[];
  readonly script: Script;
}

export async function scriptedDaemon(script: Script): Promise<ScriptedDaemon> {
  const received: ReceivedRequest[] = [];
  const server = createServer(async (request, response) => {
    const route = `${request.method} ${request.url?.replace(/^\/api\/v1/, "")}`;
    let text = "";
    for await (const chunk of request) text += chunk;
    const got = { route, headers: request.headers, body: text === "" ? undefined : JSON.parse(text) };
    received.push(got);
    const replies = script[route];
    const reply = Array.isArray(replies) ? (replies.length > 1 ? replies.shift() : replies[0]) : replies;
    await (reply ?? json(404, { error: `No route ${route}.`, code: "not_found" }))(got, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    script,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function json(status: number, body?: unknown): Reply {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
}

export interface Stream {
  readonly operation?: string;
  /** The connection breaks after the last line instead of ending. */
  readonly breaks?: boolean;
  /** Waited for before the answer ends. */
  readonly until?: Promise<unknown>;
}

export function ndjson(events: readonly unknown[], { operation, breaks, until }: Stream = {}): Reply {
  return async (_request, response) => {
    response.writeHead(200, {
      "content-type": "application/x-ndjson",
      ...(operation === undefined ? {} : { "dockersnap-operation": operation }),
    });
    response.flushHeaders();
    for (const event of events) {
      await new Promise<void>((resolve) => response.write(`${JSON.stringify(event)}\n`, () => resolve()));
    }
    await until;
    if (breaks) response.destroy();
    else response.end();
  };
}

export const complete = { step: "complete", status: "done" };

export function operation(id: string, rest: Record<string, unknown> = {}) {
  return {
    id,
    kind: "instance.create",
    instance: "demo",
    requested_by: "test",
    status: "done",
    cancellable: true,
    started_at: "2026-04-30T10:00:00.000Z",
    ended_at: "2026-04-30T10:00:02.000Z",
    steps: [],
    ...rest,
  };
}

export function instance(name: string, rest: Record<string, unknown> = {}) {
  return {
    name,
    dataset: `instances/${name}`,
    subnet: "10.10.0.0/16",
    subnet_index: 0,
    metallb_ip: "10.10.10.10",
    socket: `/run/dockersnap/${name}.sock`,
    pid_file: `/run/dockersnap/${name}.pid`,
    created_at: "2026-04-30T10:00:00.000Z",
    status: "running",
    snapshots: [],
    ...rest,
  };
}
