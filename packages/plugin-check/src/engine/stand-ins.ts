import { createServer, type Server } from "node:http";
import { createServer as createListener, type Socket, type Server as SocketServer } from "node:net";

/** A socket in place of an engine. */
export interface StandIn extends AsyncDisposable {
  readonly socket: string;
  /** What it was asked, such as `POST /containers/create`. */
  readonly requests: readonly string[];
}

/** An engine that says it is there and refuses everything it is asked to do. */
export async function refusingEngine(socket: string): Promise<StandIn> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    request.resume();
    response.setHeader("Api-Version", "1.41");
    if (/\/_ping$/.test(request.url ?? "")) {
      response.end("OK");
    } else if (request.method === "GET" && /\/version$/.test(request.url ?? "")) {
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ Version: "20.10.24", ApiVersion: "1.41", MinAPIVersion: "1.12", Os: "linux" }));
    } else {
      response.statusCode = 500;
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ message: "this engine refuses everything: it stands in for one that is broken" }));
    }
  });
  await listening(server, socket);
  return {
    socket,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await closed(server);
    },
  };
}

/** Whether a request asks the engine to do something, not only whether it is there. */
export const isDemand = (request: string) => !/ (\/v[\d.]+)?\/(_ping|version)$/.test(request);

/** Something that takes connections and never says a word; `onConnection` tells of each. */
export async function silentEngine(socket: string, onConnection: () => void): Promise<StandIn> {
  const requests: string[] = [];
  const open = new Set<Socket>();
  const server = createListener((connection) => {
    open.add(connection);
    requests.push("a connection");
    connection.on("error", () => undefined);
    connection.on("close", () => open.delete(connection));
    connection.resume();
    onConnection();
  });
  await listening(server, socket);
  return {
    socket,
    requests,
    async [Symbol.asyncDispose]() {
      for (const connection of open) connection.destroy();
      await closed(server);
    },
  };
}

function listening(server: Server | SocketServer, socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(socket, () => resolve());
  });
}

const closed = (server: Server | SocketServer) => new Promise<void>((resolve) => server.close(() => resolve()));
