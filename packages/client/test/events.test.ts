import type { DaemonEvent } from "@dockersnap/contract/words";
import { expect, it } from "vitest";
import { createClient } from "../src/index.ts";
import { json, type Reply, scriptedDaemon } from "./scripted-daemon.ts";

const event = (id: number) => ({ id, at: "2026-04-30T10:00:00.000Z", type: "ports.changed", instance: "demo" });

function sse(text: string): Reply {
  return (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(text);
  };
}

it("reads events of several lines, over comments and carriage returns, and resumes after the last one", async () => {
  await using daemon = await scriptedDaemon({
    "GET /events": [
      sse(`: hello\r\n\r\nid: 7\r\nevent: ports.changed\r\ndata: ${JSON.stringify(event(7))}\r\n\r\n`),
      sse(`data:{\ndata: ${JSON.stringify(event(8)).slice(1)}\n\ndata: cut off`),
    ],
  });
  const controller = new AbortController();
  let connects = 0;
  const seen: DaemonEvent[] = [];
  const read = async () => {
    const events = createClient({ baseUrl: daemon.url }).events({
      signal: controller.signal,
      lastEventId: 3,
      onConnect: () => {
        connects += 1;
      },
    });
    for await (const one of events) {
      seen.push(one);
      if (seen.length === 2) controller.abort(new Error("enough"));
    }
  };
  await expect(read()).rejects.toThrow("enough");
  expect(seen).toEqual([event(7), event(8)]);
  expect(connects).toBe(2);
  expect(daemon.received.map((request) => request.headers["last-event-id"])).toEqual(["3", "7"]);
});

it("ends at once when the daemon refuses", async () => {
  await using daemon = await scriptedDaemon({ "GET /events": json(401, { error: "no token", code: "unauthorized" }) });
  await expect(createClient({ baseUrl: daemon.url }).events().next()).rejects.toMatchObject({ code: "unauthorized" });
});
