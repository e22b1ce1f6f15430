import { expect, it } from "vitest";
import { chosenPorts } from "../../src/network/chosen-ports.ts";

it("gives 64 subnets ports of their own, 512 each, all above those that people name", () => {
  const ranges = Array.from({ length: 64 }, (_, index) => chosenPorts(index));
  const numbers = ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, at) => first + at));
  expect(new Set(numbers).size).toBe(64 * 512);
  expect(Math.min(...numbers)).toBe(32_768);
  expect(Math.max(...numbers)).toBe(65_535);
});

it("begins again with the first range for the subnet after those", () => {
  expect(chosenPorts(64)).toEqual(chosenPorts(0));
  expect(chosenPorts(200)).toEqual(chosenPorts(200 % 64));
});
