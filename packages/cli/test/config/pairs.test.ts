import fc from "fast-check";
import { expect, it } from "vitest";
import { parsePairs, parseTexts, parseValue } from "../../src/config/pairs.ts";

it.each([
  ["true", true],
  ["false", false],
  ["null", null],
  ["0", 0],
  ["-1.5e3", -1500],
  ['[1, "a"]', [1, "a"]],
  ['{"a": {"b": 1}}', { a: { b: 1 } }],
  ["", ""],
  ["True", "True"],
  ["007", "007"],
  ["1.", "1."],
  ["+1", "+1"],
  ["1e999", "1e999"],
  ["123456789012345678901", "123456789012345678901"],
  ["NaN", "NaN"],
  ["[a-z]+", "[a-z]+"],
  ["{{ instance_name }}", "{{ instance_name }}"],
  ['"quoted"', '"quoted"'],
  [" 1", " 1"],
  ["0x10", "0x10"],
])("reads %j as %j", (text, expected) => {
  expect(parseValue(text)).toEqual(expected);
});

it("splits at the first equals sign, and the last of a key wins", () => {
  expect(parsePairs(["a=1", "url=http://x?y=z", "a=2", "proxy.http=x", "empty="], "--config")).toEqual({
    a: 2,
    url: "http://x?y=z",
    "proxy.http": "x",
    empty: "",
  });
});

it("takes __proto__ for a key like any other", () => {
  const config = parsePairs(['__proto__={"polluted": true}'], "--config");
  expect(Object.keys(config)).toEqual(["__proto__"]);
  expect("polluted" in config).toBe(false);
});

it.each(["a", "=b", ""])("refuses %j", (pair) => {
  expect(() => parseTexts([pair], "--tag")).toThrow("has no key");
});

// The generator builds its table of characters at first, which takes seconds on a busy machine.
it("never throws on a value, and gives a JSON value back", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => JSON.stringify(parseValue(text)) !== undefined));
}, 60_000);
