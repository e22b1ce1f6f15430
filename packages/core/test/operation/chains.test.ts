import { expect, it } from "vitest";
import { chainsOf } from "../../src/operation/chains.ts";

const chains = (...things: string[]) => chainsOf(things, (thing) => thing.replace(/\d/, "").split("+"));

it("keeps what shares an instance together and in order, and the rest apart", () => {
  expect(chains("1a", "2b", "3a", "4b", "5c")).toEqual([["1a", "3a"], ["2b", "4b"], ["5c"]]);
});

it("joins chains that a later one shares instances with", () => {
  expect(chains("1a", "2b", "3b", "4a+b", "5c", "6a")).toEqual([["5c"], ["1a", "2b", "3b", "4a+b", "6a"]]);
});
