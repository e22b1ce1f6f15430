import { describe, expect, it } from "vitest";
import type { AnyOperationKind, StepMoment } from "../../src/operation/kind.ts";
import { caller, World } from "./world.ts";

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
