import { expect, it } from "vitest";
import { jsonText, oneLine } from "../../src/output/printable.ts";
import { fields, table } from "../../src/output/table.ts";
import { age, span } from "../../src/output/time.ts";

it("aligns columns, also those of wide letters, and keeps each row on its line", () => {
  expect(
    table(
      ["NAME", "X"],
      [
        ["é", "1"],
        ["longer", "2\n3"],
      ],
      String,
    ),
  ).toBe("NAME    X\né       1\nlonger  2 3\n");
  expect(table(["NAME", "X"], [], String)).toBe("NAME  X\n");
});

it("leaves fields without a value out", () => {
  expect(
    fields(
      [
        ["A", "1"],
        ["Long", undefined],
        ["B", ""],
        ["Cc", "2"],
      ],
      String,
    ),
  ).toBe("A   1\nCc  2\n");
  expect(fields([], String)).toBe("");
});

it("takes the power over the terminal from text of others", () => {
  expect(oneLine(" a\n  b\r\nc ")).toBe("a b c");
  expect(jsonText({ a: "\u009b\u001b" }, 2)).toBe('{\n  "a": "\\u009b\\u001b"\n}');
});

it.each([
  [0, "0 ms"],
  [31.4, "31 ms"],
  [2100, "2.1 s"],
  [185_000, "3m 05s"],
])("writes %i ms as %s", (ms, expected) => {
  expect(span(ms)).toBe(expected);
});

it.each([
  [5, "5s"],
  [180, "3m"],
  [3600 * 5, "5h"],
  [86_400 * 3, "3d"],
  [-5, "0s"],
])("calls %i seconds ago %s", (seconds, expected) => {
  const now = Date.parse("2026-04-30T10:00:00Z");
  expect(age(new Date(now - seconds * 1000).toISOString(), now)).toBe(expected);
  expect(age("nonsense", now)).toBe("?");
});
