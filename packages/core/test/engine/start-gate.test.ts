import { describe, expect, it } from "vitest";
import type { Clock } from "../../src/index.ts";
import { StartGate } from "../../src/index.ts";

const never = new AbortController().signal;
const plenty = 2 ** 40;

/** A machine, its time, and engines that start until a test ends them. */
class Yard {
  state = { idle: 0, availableMemory: plenty };
  readonly waits = new Map<string, number>();
  readonly #ends = new Map<string, PromiseWithResolvers<void>>();
  readonly #alarms: (() => void)[] = [];
  #now = 0;
  readonly #clock: Clock = {
    now: () => new Date(this.#now),
    monotonic: () => this.#now,
    sinceBoot: () => ({ boot: "one", ms: this.#now }),
    after: (_ms, work) => {
      this.#alarms.push(work);
      return () => undefined;
    },
  };
  readonly #gate: StartGate;

  constructor(processors = 2) {
    this.#gate = new StartGate({ clock: this.#clock, machine: { processors, look: () => this.state } });
  }

  /** Names of those that are starting, in the order they began. */
  get starting(): string[] {
    return [...this.#ends.keys()];
  }

  ask(name: string, { group = name, signal = never } = {}): Promise<void> {
    const waits = (others: number) => this.waits.set(name, others);
    return this.#gate.pass({ group, signal, waits }, () => {
      this.waits.delete(name);
      const end = Promise.withResolvers<void>();
      this.#ends.set(name, end);
      return end.promise;
    });
  }

  async finish(name: string, error?: Error): Promise<void> {
    const end = this.#ends.get(name);
    this.#ends.delete(name);
    if (error === undefined) end?.resolve();
    else end?.reject(error);
    await settled();
  }

  async pass(ms: number): Promise<void> {
    this.#now += ms;
    for (const alarm of this.#alarms.splice(0)) alarm();
    await settled();
  }
}

/** Until everything that can go on has gone on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("starts side by side", () => {
  it("are as many as there are processors, and the others come after them, told how many come first", async () => {
    const yard = new Yard();
    for (const name of ["a", "b", "c", "d"]) void yard.ask(name);
    await settled();
    expect(yard.starting).toEqual(["a", "b"]);
    expect([...yard.waits]).toEqual([
      ["c", 2],
      ["d", 3],
    ]);
    yard.state = { idle: 0, availableMemory: 0 };
    await yard.finish("a");
    expect(yard.starting).toEqual(["b"]);
    yard.state = { idle: 0, availableMemory: plenty };
    await yard.pass(250);
    expect(yard.starting).toEqual(["b", "c"]);
    await yard.finish("b");
    expect(yard.starting).toContain("d");
  });

  it("become more, one at each look, while processors are idle", async () => {
    const yard = new Yard();
    for (const name of ["a", "b", "c", "d"]) void yard.ask(name);
    await settled();
    yard.state = { idle: 0.5, availableMemory: plenty };
    await yard.pass(250);
    expect(yard.starting).toEqual(["a", "b", "c"]);
    await yard.pass(250);
    expect(yard.starting).toEqual(["a", "b", "c", "d"]);
  });

  it("are one where memory is short, and never none", async () => {
    const yard = new Yard(8);
    yard.state = { idle: 1, availableMemory: 1 };
    for (const name of ["a", "b"]) void yard.ask(name);
    await yard.pass(250);
    expect(yard.starting).toEqual(["a"]);
    await yard.finish("a");
    expect(yard.starting).toEqual(["b"]);
  });

  it("become fewer when the first ones were slow or failed", async () => {
    const yard = new Yard(4);
    void yard.ask("quick");
    await yard.pass(1_000);
    await yard.finish("quick");
    const failed = yard.ask("failed");
    const refused = expect(failed).rejects.toThrow("too long");
    for (const name of ["a", "b", "c", "d", "e"]) void yard.ask(name);
    await settled();
    expect(yard.starting).toEqual(["failed", "a", "b", "c"]);
    await yard.finish("failed", new Error("too long"));
    await refused;
    expect(yard.starting).toEqual(["a", "b", "c"]);
    await yard.pass(60_000);
    await yard.finish("a");
    await yard.finish("b");
    expect(yard.starting).toEqual(["c"]);
    await yard.finish("c");
    expect(yard.starting).toEqual(["d"]);
  });
});

it("lets a start of somebody else in before the rest of a hundred clones", async () => {
  const yard = new Yard();
  for (let number = 1; number <= 100; number += 1) void yard.ask(`clone-${number}`, { group: "golden" });
  void yard.ask("mine");
  await settled();
  expect(yard.waits.get("mine")).toBe(2);
  await yard.finish("clone-1");
  expect(yard.starting).toContain("mine");
});

it("forgets one that is called off while it waits", async () => {
  const yard = new Yard();
  const called = new AbortController();
  for (const name of ["a", "b"]) void yard.ask(name);
  const outcome = expect(yard.ask("c", { signal: called.signal })).rejects.toThrow("called off");
  void yard.ask("d");
  called.abort(new Error("called off"));
  await outcome;
  await yard.finish("a");
  expect(yard.starting).toEqual(["b", "d"]);
});
