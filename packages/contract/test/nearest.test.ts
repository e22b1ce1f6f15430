import { expect, it } from "vitest";
import { didYouMean, nearest, nearestOf } from "../src/words.ts";

it.each([
  ["dmeo", ["prod", "demo"], "demo"],
  ["txt", ["port", "text"], "text"],
  ["Cluster-Name", ["cluster_name", "retries"], "cluster_name"],
  ["kubernets", ["kubernetes", "kube"], "kubernetes"],
  ["prot", ["port"], "port"],
  ["gold", ["before", "golden"], "golden"],
  ["BEF", ["golden", "before-upgrade"], "before-upgrade"],
])("takes %s among %j for %s", (word, candidates, meant) => {
  expect(nearest(word, candidates)).toBe(meant);
});

it.each([
  ["web", ["demo", "prod"]],
  ["a", ["b"]],
  ["", ["x"]],
  ["anything", []],
  ["be", ["before-upgrade"]],
  ["before", ["before-upgrade", "before-tests"]],
])("offers nothing for %j among %j", (word, candidates) => {
  expect(nearest(word, candidates)).toBeUndefined();
});

it("does not compare very long words", () => {
  expect(nearest("a".repeat(100_000), ["a".repeat(99_999)])).toBeUndefined();
});

it("looks at so many candidates and no more", () => {
  let asked = 0;
  const endless = {
    *[Symbol.iterator]() {
      for (;;) yield `name-${asked++}`;
    },
  };
  expect(nearest("nmae-7", endless)).toBe("name-7");
  expect(asked).toBeLessThan(2_000);
});

it.each([
  ["before", ["golden", "before-upgrade", "before-tests"], ["before-upgrade", "before-tests"]],
  ["nigth-1", ["night-1", "night-2", "nigth-10"], ["night-1", "nigth-10"]],
  ["night", ["night-1", "night-2", "night-3", "night-4"], ["night-1", "night-2", "night-3"]],
  ["web", ["demo"], []],
])("offers for %s among %j all of %j", (word, candidates, offered) => {
  expect(nearestOf(word, candidates)).toEqual(offered);
});

it("asks for one, for two and for three", () => {
  expect(didYouMean([])).toBe("");
  expect(didYouMean(["a"])).toBe(" Did you mean 'a'?");
  expect(didYouMean(["a", "b"])).toBe(" Did you mean 'a' or 'b'?");
  expect(didYouMean(["a", "b", "c"])).toBe(" Did you mean 'a', 'b' or 'c'?");
});
