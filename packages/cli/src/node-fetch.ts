import { request as httpRequest, type IncomingMessage } from "node:http";
import type { BodyReader, Fetch, FetchResponse } from "@dockersnap/client";

/** `fetch` over `node:http`: Node's own takes longer to load than a whole `list` may. One connection a request. */
export const nodeFetch: Fetch = async (url, { method, headers, body, signal }) => {
  const send = url.startsWith("https:") ? (await import("node:https")).request : httpRequest;
  const { promise, resolve, reject } = Promise.withResolvers<FetchResponse>();
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const request = send(url, { method, headers: { ...headers, ...length }, agent: false, signal });
  request.once("error", reject);
  request.once("response", (response: IncomingMessage) => {
    resolve({
      status: response.statusCode ?? 0,
      headers: { get: (name) => [response.headers[name]].flat().join(", ") || null },
      body: { getReader: () => reader(response) },
    });
  });
  request.end(body);
  return promise;
};

function reader(response: IncomingMessage): BodyReader {
  const chunks = response[Symbol.asyncIterator]();
  return {
    async read() {
      const { done = false, value } = await chunks.next();
      return { done, value };
    },
    async cancel() {
      response.destroy();
    },
  };
}
