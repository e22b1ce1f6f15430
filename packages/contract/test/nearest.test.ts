import { expect, it } from "vitest";
import { nearest } from "../src/words.ts";

it.each([
  ["dmeo", ["prod", "demo"], "demo"],
  ["txt", ["port", "text"], "text"],
  ["Cluster-Name", ["cluster_name", "retries"], "cluster_name"],
  ["kubernets", ["kubernetes", "kube"], "kubernetes"],
  ["prot", ["port"], "port"],
])("takes %s among %j for %s", (word, candidates, meant) => {
  expect(nearest(word, candidates)).toBe(meant);
});

it.each([
  ["web", ["demo", "prod"]],
  ["a", ["b"]],
  ["", ["x"]],
  ["anything", []],
])("offers nothing for %j among %j", (word, candidates) => {
  expect(nearest(word, candidates)).toBeUndefined();
});

it("does not compare very long words", () => {
  expect(nearest("a".repeat(100_000), ["a".repeat(99_999)])).toBeUndefined();
});
