import { DockersnapError, type ProgressEvent } from "@dockersnap/contract";
import { describe, expect, it } from "vitest";
import type { StepMoment, Steps } from "../../src/operation/kind.ts";
import { caller, type Input, World } from "./world.ts";

async function collect(events: AsyncIterable<ProgressEvent>): Promise<ProgressEvent[]> {
  const all: ProgressEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const never = new AbortController().signal;
const fails = (step: string, moment: StepMoment) => (at: StepMoment, name: string) => {
  if (name === step && at === moment) throw new DockersnapError("no_space", "The pool is full.");
};

describe("an operation", () => {
  it("runs its steps in order and ends done with its result", async () => {
    const world = new World();
    const { done } = await world.operations([world.kind()]).begin("build", { name: "web" }, caller);
    expect(await done).toMatchObject({ status: "done", result: { status: "ok" }, instance: "web" });
    expect(world.did).toEqual(["first", "second", "third"]);
  });

  it.each(["begin", "acted"] as const)(
    "takes back what was begun, last first, when a step fails at %s",
    async (moment) => {
      const world = new World();
      const operations = world.operations([world.kind()], fails("second", moment));
      const { done } = await operations.begin("build", { name: "web" }, caller);
      expect(await done).toMatchObject({ status: "failed", error: { code: "no_space", error: "The pool is full." } });
      expect(world.did.filter((act) => act.startsWith("undo"))).toEqual(["undo second", "undo first"]);
    },
  );

  it("waits for the disk before it does what can be taken back, when that is decided, and at its end", async () => {
    const world = new World();
    const does = (name: string) => ({ name, says: name, run: () => undefined });
    const undoes = (name: string) => ({ ...does(name), undo: () => undefined });
    const steps: Steps<Input, object> = [
      does("ask"),
      { ...undoes("reserve"), recordsOnly: true },
      undoes("make"),
      undoes("decide"),
      { ...undoes("record"), recordsOnly: true },
    ];
    const syncs = world.syncs();
    const kind = world.kind({ steps, recovery: { finishAfter: "decide" } });
    await (await world.operations([kind]).begin("build", { name: "web" }, caller)).done;
    expect(syncs).toEqual([
      "running, ask done, reserve done, make running",
      "running, ask done, reserve done, make done, decide running",
      "running, ask done, reserve done, make done, decide done",
      "done, ask done, reserve done, make done, decide done, record done",
    ]);
  });

  it("tells its whole progress to one who follows late, and ends with one terminal event", async () => {
    const world = new World();
    const operations = world.operations([world.kind()]);
    const { id, done } = await operations.begin("build", { name: "web" }, caller);
    await done;
    const events = await collect(operations.follow(id, never));
    expect(events.map(({ step, status }) => `${step} ${status}`)).toEqual([
      "first running",
      "first done",
      "second running",
      "second done",
      "third running",
      "third done",
      "complete done",
    ]);
  });

  it("ends its progress with the failure's own sentence", async () => {
    const world = new World();
    const operations = world.operations([world.kind()], fails("first", "begin"));
    const { id } = await operations.begin("build", { name: "web" }, caller);
    const events = await collect(operations.follow(id, never));
    expect(events.at(-1)).toEqual({ step: "error", status: "error", message: "The pool is full.", code: "no_space" });
  });

  it("holds its instance from the first moment: a second one is told who is in the way", async () => {
    const world = new World();
    const operations = world.operations([world.kind()]);
    const first = operations.begin("build", { name: "web" }, caller);
    await expect(operations.begin("build", { name: "web" }, caller)).rejects.toMatchObject({
      code: "busy",
      details: { operation: "op-1", kind: "build" },
    });
    await (await first).done;
    await expect(operations.begin("build", { name: "web" }, caller)).resolves.toMatchObject({ id: "op-3" });
  });

  it("lets go of its instance when it is refused", async () => {
    const world = new World();
    const refusing = world.kind({
      prepare: () => {
        throw new DockersnapError("not_found", "No instance 'web'.");
      },
    });
    const operations = world.operations([refusing]);
    await expect(operations.begin("build", { name: "web" }, caller)).rejects.toMatchObject({ code: "not_found" });
    await expect(operations.begin("build", { name: "web" }, caller)).rejects.toMatchObject({ code: "not_found" });
    expect(operations.list()).toEqual([]);
  });

  it("stops and takes itself back when it is cancelled", async () => {
    const world = new World();
    const waiting: Steps<Input, object> = [
      {
        name: "wait",
        says: "waiting",
        run: (_job, { signal }) =>
          new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
        undo: () => void world.did.push("undo wait"),
      },
    ];
    const operations = world.operations([world.kind({ steps: waiting })]);
    const { id, done } = await operations.begin("build", { name: "web" }, caller);
    await new Promise((resolve) => setImmediate(resolve));
    operations.cancel(id);
    expect(await done).toMatchObject({ status: "cancelled", error: { code: "cancelled" } });
    expect(world.did).toEqual(["undo wait"]);
    expect(() => operations.cancel(id)).toThrow(/has ended/);
  });

  it("waits for the steps beside a failed one before it takes anything back", async () => {
    const world = new World();
    let endSlow = () => {};
    const slow = new Promise<void>((resolve) => {
      endSlow = resolve;
    });
    const steps: Steps<Input, object> = [
      [
        {
          name: "slow",
          says: "being slow",
          run: async () => {
            await slow;
            world.did.push("slow");
          },
          undo: () => void world.did.push("undo slow"),
        },
        {
          name: "broken",
          says: "breaking",
          run: () => {
            setImmediate(endSlow);
            throw new DockersnapError("internal", "It broke.");
          },
          undo: () => void world.did.push("undo broken"),
        },
      ],
    ];
    const { done } = await world.operations([world.kind({ steps })]).begin("build", { name: "web" }, caller);
    expect(await done).toMatchObject({ status: "failed", error: { error: "It broke." } });
    expect(world.did).toEqual(["slow", "undo broken", "undo slow"]);
  });

  it("tries again past the point of no return and takes nothing back", async () => {
    const world = new World();
    let failures = 2;
    const operations = world.operations([world.kind({ pointOfNoReturn: "first" })], (moment, step) => {
      if (step === "second" && moment === "acted" && failures-- > 0) throw new Error("device is busy");
    });
    const { done } = await operations.begin("build", { name: "web" }, caller);
    expect(await done).toMatchObject({ status: "done" });
    expect(world.did).toEqual(["first", "second", "second", "second", "third"]);
  });

  it("goes on taking back when one undo fails, and names what is left", async () => {
    const world = new World();
    const problems: string[] = [];
    const kind = world.kind({ failed: (_job, problem) => problems.push(problem) });
    const operations = world.operations([kind], (moment, step) => {
      if (step === "third" && moment === "begin") throw new Error("boom");
      if (step === "second" && moment === "undo-begin") throw new Error("still busy");
    });
    const { done } = await operations.begin("build", { name: "web" }, caller);
    const operation = await done;
    expect(operation.status).toBe("failed");
    expect(operation.steps.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "first undone",
      "second undo_failed",
      "third undone",
    ]);
    expect(problems).toEqual([expect.stringContaining("second could not be undone")]);
  });

  it("gives no inside of the daemon away when it fails for a reason of its own", async () => {
    const world = new World();
    const operations = world.operations([world.kind()], () => {
      throw new Error("ENOENT /var/lib/secret");
    });
    const operation = await (await operations.begin("build", { name: "web" }, caller)).done;
    expect(operation.error?.code).toBe("internal");
    expect(JSON.stringify(operation)).not.toContain("secret");
  });
});

describe("an idempotency key", () => {
  const keyed = { requestedBy: "test", idempotencyKey: "k1" };

  it("gives a repeated request the operation of the first, at once and later", async () => {
    const world = new World();
    const operations = world.operations([world.kind()]);
    const [first, second] = await Promise.all([
      operations.begin("build", { name: "web" }, keyed),
      operations.begin("build", { name: "web" }, keyed),
    ]);
    expect(second.id).toBe(first.id);
    await first.done;
    expect((await operations.begin("build", { name: "web" }, keyed)).id).toBe(first.id);
    expect(world.did).toEqual(["first", "second", "third"]);
  });

  it("is refused for a different request", async () => {
    const world = new World();
    const operations = world.operations([world.kind()]);
    await (await operations.begin("build", { name: "web" }, keyed)).done;
    await expect(operations.begin("build", { name: "other" }, keyed)).rejects.toMatchObject({
      code: "key_reused",
      message: expect.stringContaining("build of 'web'"),
    });
  });

  it("is refused for the same act asked for differently, in flight, later, and by the next daemon", async () => {
    const world = new World();
    const asked = (requestDigest: string) => ({ ...keyed, requestDigest });
    const reused = { code: "key_reused" };
    let operations = world.operations([world.kind()]);
    const first = operations.begin("build", { name: "web" }, asked("one"));
    await expect(operations.begin("build", { name: "web" }, asked("two"))).rejects.toMatchObject(reused);
    const { id, done } = await operations.begin("build", { name: "web" }, asked("one"));
    expect(id).toBe((await first).id);
    expect(await done).not.toHaveProperty("requestDigest");
    await expect(operations.begin("build", { name: "web" }, asked("two"))).rejects.toMatchObject(reused);
    operations = world.operations([world.kind()]);
    await expect(operations.begin("build", { name: "web" }, asked("two"))).rejects.toMatchObject(reused);
    expect((await operations.begin("build", { name: "web" }, asked("one"))).id).toBe(id);
  });
});

describe("a daemon that stops", () => {
  it("begins nothing that was still being looked at when it was told to", async () => {
    const world = new World();
    const looking = Promise.withResolvers<object>();
    const operations = world.operations([world.kind({ prepare: () => looking.promise })]);
    const begun = operations.begin("build", { name: "web" }, caller);
    const closed = operations.close(never);
    looking.resolve({});
    await expect(begun).rejects.toMatchObject({ code: "shutting_down" });
    await closed;
    expect(operations.list()).toEqual([]);
  });

  it("waits for what runs", async () => {
    const world = new World();
    const operations = world.operations([world.kind()]);
    await operations.begin("build", { name: "web" }, caller);
    await operations.close(never);
    expect(operations.list()[0]?.status).toBe("done");
  });
});
