import { ManualClock } from "@dockersnap/core/testing";
import { expect, it } from "vitest";
import { EventHub } from "../../src/events/event-hub.ts";

/** The next so many events after an id. */
async function next(hub: EventHub, after: number | undefined, count: number) {
  const stop = new AbortController();
  const events = hub.follow(after, stop.signal);
  const found = [];
  for (let index = 0; index < count; index += 1) found.push((await events.next()).value);
  stop.abort();
  return found;
}

it("resumes after the event a client has seen", async () => {
  const hub = new EventHub(new ManualClock());
  for (const instance of ["a", "b", "c"]) hub.publish({ type: "instance.changed", instance });
  const [first] = await next(hub, 0, 1);
  expect(await next(hub, first?.id, 2)).toMatchObject([{ instance: "b" }, { instance: "c" }]);
});

it("says so and sends everything kept where a client resumes after an id that is still to come", async () => {
  const hub = new EventHub(new ManualClock());
  const [reset] = await next(hub, 999_999_999_999_999, 1);
  expect(reset).toMatchObject({ type: "events.reset" });
  for (const instance of ["a", "b"]) hub.publish({ type: "instance.changed", instance });
  const events = await next(hub, 999_999_999_999_999, 3);
  expect(events).toMatchObject([{ type: "events.reset" }, { instance: "a" }, { instance: "b" }]);
  const ids = events.map((event) => event?.id ?? 0);
  expect(ids).toEqual([...ids].sort((a, b) => a - b));
});
