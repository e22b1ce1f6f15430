import fc from "fast-check";
import { expect, it } from "vitest";
import { layOut, type Point } from "../../src/history/tree.ts";

const root = { name: "web", parent: undefined };
const points = (parents: Record<string, string | undefined>): Point[] =>
  Object.entries(parents).map(([name, parent]) => ({ name, parent }));

function drawn(parents: Record<string, string | undefined>, head: string | undefined): string[] {
  const tip = { name: "", parent: head };
  return layOut<Point>(root, points(parents), tip).map(
    ({ lead, point }) => `${lead}${point === tip ? "NOW" : point.name}`,
  );
}

it("draws a line straight down", () => {
  expect(drawn({ a: undefined, b: "a", c: "b" }, "c")).toEqual(["web", "a", "b", "c", "NOW"]);
  expect(drawn({}, undefined)).toEqual(["web", "NOW"]);
});

it("draws what branches off beside it, in its own order, and the way to the tip straight", () => {
  expect(drawn({ a: undefined, b: "a", c: "b", d: "a", e: "b" }, "a")).toEqual([
    "web",
    "a",
    "├─b",
    "│ ├─c",
    "│ e",
    "├─d",
    "NOW",
  ]);
  expect(drawn({ a: undefined, b: "a", c: "b", d: "a", e: "b" }, "c")).toEqual([
    "web",
    "a",
    "├─d",
    "b",
    "├─e",
    "c",
    "NOW",
  ]);
});

it("goes on with the largest branch where the tip is elsewhere", () => {
  expect(drawn({ a: undefined, b: "a", c: "a", d: "b", e: "c", f: "b" }, undefined)).toEqual([
    "web",
    "├─a",
    "│ ├─c",
    "│ │ e",
    "│ b",
    "│ ├─d",
    "│ f",
    "NOW",
  ]);
});

it("hangs what has no parent there, and what goes round in a circle, on the root", () => {
  expect(drawn({ a: "absent", b: "c", c: "b", d: "d" }, "absent")).toEqual(["web", "├─a", "├─c", "│ b", "├─d", "NOW"]);
});

it("has every point once, below what it came from, and the tip last, whatever the tree", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 60 }), fc.nat(), (draws, head) => {
      const all = draws.map((draw, index) => ({
        name: `s${index}`,
        parent: index === 0 || draw % 7 === 0 ? undefined : `s${draw % index}`,
      }));
      const tip = { name: "", parent: all.length === 0 ? undefined : `s${head % all.length}` };
      const rows = layOut<Point>(root, all, tip);
      expect(rows.map(({ point }) => point.name).sort()).toEqual([...all.map(({ name }) => name), "", "web"].sort());
      expect(rows.at(-1)).toEqual({ lead: "", point: tip });
      const at = new Map(rows.map(({ point }, index) => [point.name, index]));
      for (const { name, parent } of all) expect(at.get(name)).toBeGreaterThan(at.get(parent ?? "web") ?? 0);
      const widest = Math.max(...rows.map(({ lead }) => lead.length));
      expect(widest).toBeLessThanOrEqual(2 * (1 + Math.log2(all.length + 1)));
    }),
    { seed: 4, numRuns: 300 },
  );
});

it.each([
  ["one after the other", (index: number) => (index === 0 ? undefined : `s${index - 1}`)],
  ["all from the beginning", () => undefined],
  ["each second a branch", (index: number) => (index === 0 ? undefined : `s${index - 2 + (index % 2)}`)],
])("draws twenty thousand, %s", (_how, parent) => {
  const all = Array.from({ length: 20_000 }, (_, index) => ({ name: `s${index}`, parent: parent(index) }));
  expect(layOut<Point>(root, all, { name: "", parent: undefined })).toHaveLength(20_002);
});
