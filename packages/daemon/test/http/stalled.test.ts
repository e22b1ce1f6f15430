import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, createConnection } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { cutOffStalled } from "../../src/http/stalled.ts";
import { createLog } from "../../src/log.ts";

it("cuts a client that does not read off after the time it has, and not after twice that", async () => {
  const patienceMs = 3_000;
  const ended = Promise.withResolvers<string>();
  await using server = createServer((_, outgoing) => {
    cutOffStalled(outgoing, patienceMs, createLog({ level: "error" }));
    outgoing.once("close", () => ended.resolve("cut off"));
    outgoing.end("x".repeat(32_000_000));
    pause(1.75 * patienceMs).then(() => ended.resolve("still there"));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const client = createConnection({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });
  client.on("error", () => {});
  client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  expect(await ended.promise).toBe("cut off");
  client.destroy();
});
