import { DockersnapError, type ProgressEvent } from "@dockersnap/contract";
import { describe, expect, it } from "vitest";
import type { AnyOperationKind, OperationKind, StepMoment, Steps } from "../../src/operation/kind.ts";
import { Operations } from "../../src/operation/operations.ts";
import type { Clock } from "../../src/platform/clock.ts";
import type { Log } from "../../src/platform/log.ts";
import { MemoryRecords } from "../../src/testing.ts";

interface Input {
  readonly name: string;
}

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

/** Time that stands still; waits end at once, so that retries need none. */
const clock: Clock = {
  now: () => new Date("2026-01-01T00:00:00Z"),
  monotonic: () => 0,
  after(_ms, work) {
    queueMicrotask(work);
    return () => undefined;
  },
};

const caller = { requestedBy: "test" };

class World {
  readonly did: string[] = [];
  readonly records = new MemoryRecords();
  #ids = 0;

  operations(kinds: AnyOperationKind[], at?: (moment: StepMoment, step: string) => Promise<void> | void): Operations {
    const operations = new Operations({
      records: this.records,
      clock,
      log: quiet,
      events: { publish() {} },
      newId: () => `op-${++this.#ids}`,
      ...(at === undefined ? {} : { observer: { at: (moment, _kind, step) => at(moment, step) } }),
    });
    for (const kind of kinds) operations.register(kind);
    return operations;
  }

  kind(change: Partial<OperationKind<Input, object>> = {}): OperationKind<Input, object> {
    return {
      name: "build",
      cancellable: true,
      recovery: "undo",
      instance: (input) => input.name,
      holds: (input) => [{ instance: input.name, mode: "exclusive" }],
      prepare: () => ({}),
      steps: this.steps("first", "second", "third"),
      result: () => ({ status: "ok" }),
      ...change,
    };
  }

  /** What an operation waits for the disk with: its status, and how its steps stand. */
  syncs(): readonly string[] {
    const { records } = this;
    const syncs: string[] = [];
    const [save, lazily] = [records.operations.save, records.lazily.bind(records)];
    let isLazy = false;
    records.operations.save = (record) => {
      if (!isLazy) syncs.push([record.status, ...record.steps.map((step) => `${step.name} ${step.status}`)].join(", "));
      save(record);
    };
    records.lazily = (work) => {
      isLazy = true;
      try {
        return lazily(work);
      } finally {
        isLazy = false;
      }
    };
    return syncs;
  }

  steps(...names: string[]): Steps<Input, object> {
    return names.map((name) => ({
      name,
      says: `doing the ${name}`,
      run: () => void this.did.push(name),
      undo: () => void this.did.push(`undo ${name}`),
    }));
  }
}

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
    expect(problems).toEqual([expect.stringContaining("second could not be taken back")]);
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
      code: "invalid_request",
    });
  });
});

describe("an operation the last daemon left unfinished", () => {
  /** Run until the daemon "dies" at a moment: what it would still do never happens. */
  async function crash(world: World, kind: AnyOperationKind, moment: StepMoment, step: string): Promise<void> {
    const died = Promise.withResolvers<void>();
    const operations = world.operations([kind], (at, name) => {
      if (at !== moment || name !== step) return undefined;
      died.resolve();
      return new Promise<void>(() => undefined);
    });
    await operations.begin(kind.name, { name: "web" }, caller);
    await died.promise;
    world.did.length = 0;
  }

  it("is taken back from the step it died in", async () => {
    const world = new World();
    await crash(world, world.kind(), "begin", "second");
    const next = world.operations([world.kind()]);
    await next.recover();
    expect(world.did).toEqual(["undo second", "undo first"]);
    expect(next.list()[0]).toMatchObject({ status: "failed", recovered: "undone" });
  });

  it("is finished once the step that decides is done", async () => {
    const world = new World();
    const kind = world.kind({ recovery: { finishAfter: "second" } });
    await crash(world, kind, "begin", "third");
    const next = world.operations([kind]);
    await next.recover();
    expect(world.did).toEqual(["third"]);
    expect(next.list()[0]).toMatchObject({ status: "done", recovered: "finished" });
  });

  it("does not ask again whether a step is needed that was left out", async () => {
    const world = new World();
    let isAsked = 0;
    const [first, ...others] = world.steps("first", "second", "third").flat();
    const choosy = { ...first, needed: () => ++isAsked > 1 } as (typeof others)[number];
    const kind = world.kind({ recovery: "finish", steps: [choosy, ...others] });
    await crash(world, kind, "begin", "third");
    await world.operations([kind]).recover();
    expect(world.did).toEqual(["third"]);
  });

  it("goes on being taken back when the daemon died while taking it back", async () => {
    const world = new World();
    const died = Promise.withResolvers<void>();
    const dying = world.operations([world.kind({ recovery: "finish" })], (moment, step) => {
      if (moment === "begin" && step === "third") throw new Error("boom");
      if (moment !== "undo-begin" || step !== "second") return undefined;
      died.resolve();
      return new Promise<void>(() => undefined);
    });
    await dying.begin("build", { name: "web" }, caller);
    await died.promise;
    world.did.length = 0;
    const next = world.operations([world.kind({ recovery: "finish" })]);
    await next.recover();
    expect(world.did).toEqual(["undo second", "undo first"]);
    expect(next.list()[0]).toMatchObject({ status: "failed", recovered: "undone" });
  });

  it("is ended beside those of other instances, and after an earlier one of its own", async () => {
    const world = new World();
    const begun = [
      { id: "op-a", name: "web" },
      { id: "op-b", name: "db" },
      { id: "op-c", name: "web" },
    ];
    for (const [index, { id, name }] of begun.entries()) {
      world.records.operations.save({
        id,
        kind: "build",
        instance: name,
        requested_by: "test",
        status: "running",
        cancellable: true,
        started_at: `2026-01-01T00:00:0${index}Z`,
        steps: [],
        input: { name },
        state: {},
        idempotencyKey: undefined,
      });
    }
    const order: string[] = [];
    const isBeside = Promise.withResolvers<void>();
    const kind = world.kind({
      recovery: "finish",
      steps: [
        {
          name: "only",
          says: "doing it",
          // The first of web ends only when that of db has begun.
          async run({ input }) {
            order.push(`${input.name} begins`);
            if (input.name === "db") isBeside.resolve();
            await isBeside.promise;
            order.push(`${input.name} ends`);
          },
        },
      ],
    });
    const next = world.operations([kind]);
    await next.recover();
    expect(order.filter((act) => act.startsWith("web"))).toEqual(["web begins", "web ends", "web begins", "web ends"]);
    expect(next.list().map(({ status, recovered }) => `${status} ${recovered}`)).toEqual(
      Array(3).fill("done finished"),
    );
  });

  it("holds its instance while it is ended, and lets go after", async () => {
    const world = new World();
    await crash(world, world.kind(), "begin", "second");
    const next = world.operations([world.kind()]);
    await next.recover();
    await expect(next.begin("build", { name: "web" }, caller)).resolves.toBeDefined();
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
