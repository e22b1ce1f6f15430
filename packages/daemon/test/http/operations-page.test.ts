import type { Operation } from "@dockersnap/contract/words";
import { describe, expect, it } from "vitest";
import { FakeOperation } from "./fake-service.ts";
import { openWorld } from "./world.ts";

const path = "/api/v1/operations";

async function openWith(count: number, change: (index: number) => Partial<Operation> = () => ({})) {
  const world = await openWorld();
  for (let index = 1; index <= count; index += 1) {
    const operation = new FakeOperation(`op-${index}`, "stop", index % 2 === 0 ? "db" : "web");
    operation.record = { ...operation.record, ...change(index) };
    world.service.operationsById.set(`op-${index}`, operation);
  }
  return world;
}

const nextOf = (link: string | string[] | undefined) => /^<(.*)>; rel="next"$/.exec(String(link))?.[1];

describe("the list of operations", () => {
  it("is an array of the newest, with the address of the next page", async () => {
    await using world = await openWith(250);
    const first = await world.ask("GET", path);
    expect(first.json).toHaveLength(100);
    expect(first.json[0].id).toBe("op-250");
    const ids = first.json.map(({ id }: Operation) => id);
    for (let next = nextOf(first.headers.link); next !== undefined; ) {
      const page = await world.ask("GET", next);
      ids.push(...page.json.map(({ id }: Operation) => id));
      next = nextOf(page.headers.link);
    }
    expect(ids).toEqual(Array.from({ length: 250 }, (_, index) => `op-${250 - index}`));
  });

  it("has no next page where there is none", async () => {
    await using world = await openWith(3);
    for (const query of ["", "?limit=3", "?before=op-2"]) {
      expect((await world.ask("GET", path + query)).headers.link).toBeUndefined();
    }
  });

  it("can be of one instance, and from a time on, on every page", async () => {
    await using world = await openWith(9, (index) => ({ started_at: `2026-01-01T00:00:0${index}.000Z` }));
    const page = await world.ask("GET", `${path}?instance=web&since=2026-01-01T00:00:03Z&limit=2`);
    expect(page.json.map(({ id }: Operation) => id)).toEqual(["op-9", "op-7"]);
    const next = await world.ask("GET", nextOf(page.headers.link) ?? "");
    expect(next.json.map(({ id }: Operation) => id)).toEqual(["op-5", "op-3"]);
    expect(next.headers.link).toBeUndefined();
  });

  it("is never longer than a megabyte and one operation", async () => {
    await using world = await openWith(100, () => ({ error: { error: "x".repeat(100_000), code: "internal" } }));
    const page = await world.ask("GET", path);
    expect(page.text.length).toBeLessThan(1_200_000);
    expect(nextOf(page.headers.link)).toContain(`before=${page.json.at(-1).id}`);
  });

  it.each([
    ["?limit=0", 400, "a whole number from 1 to 1000"],
    ["?limit=1001", 400, "a whole number from 1 to 1000"],
    ["?since=yesterday", 400, "expected a time such as"],
    ["?instance=Web", 400, "expected a lower-case letter"],
    ["?before=op-99", 404, "No operation 'op-99'"],
  ])("refuses %s", async (query, status, words) => {
    await using world = await openWith(1);
    const answer = await world.ask("GET", path + query);
    expect([answer.status, answer.json.error]).toEqual([status, expect.stringContaining(words)]);
  });
});
