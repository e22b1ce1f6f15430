import { PassThrough } from "node:stream";
import type { Docker } from "@dockersnap/plugin-sdk";
import { beforeEach, expect, test } from "vitest";
import { type ContainerEvent, ProjectWatch } from "../engine/watch.ts";

const never = new AbortController().signal;

let events: PassThrough;
let heard: ContainerEvent[];
beforeEach(() => {
  events = new PassThrough();
  heard = [];
});

/** On an engine that says what the test writes. */
const open = () =>
  ProjectWatch.open({ getEvents: async () => events } as unknown as Docker, "demo", never, (event) => {
    heard.push(event);
  });

function happens(Action: string, attributes: Record<string, string> = {}): void {
  const Attributes = { "com.docker.compose.service": "web", ...attributes };
  events.write(`${JSON.stringify({ Action, Actor: { Attributes } })}\n`);
}

test("every event is heard, and wakes whoever waits", async () => {
  using watch = await open();
  const woken = watch.after(0, never);
  happens("start");
  happens("die", { exitCode: "3" });
  await woken;
  await watch.after(1, never);
  expect(heard).toEqual([
    { service: "web", action: "start", exitCode: 0 },
    { service: "web", action: "die", exitCode: 3 },
  ]);
  expect(watch.count).toBe(2);
});

test("what came before somebody waited is not waited for again", async () => {
  using watch = await open();
  happens("start");
  await watch.after(0, never);
  await watch.after(0, never);
});

test("whoever waits on an engine that is gone is told, then and later", async () => {
  using watch = await open();
  const waiting = watch.after(0, never);
  events.destroy();
  await expect(waiting).rejects.toMatchObject({ code: "plugin_failed" });
  await expect(watch.after(0, never)).rejects.toMatchObject({ code: "plugin_failed" });
});

test("what is no event ends it", async () => {
  using watch = await open();
  const waiting = watch.after(0, never);
  events.write("not JSON\n");
  await expect(waiting).rejects.toThrow("stopped telling");
});

test("waiting ends when it is cancelled", async () => {
  using watch = await open();
  const cancel = new AbortController();
  const waiting = watch.after(0, cancel.signal);
  cancel.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  await expect(watch.after(0, cancel.signal)).rejects.toThrow("enough");
});
