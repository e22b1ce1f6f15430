import { expect, it } from "vitest";
import { printable, printableJson } from "../src/printable.ts";

it.each([
  ["a\u001b[31mb", "a\ufffd[31mb"],
  ["\u0000\u0007\u0008\u007f", "\ufffd\ufffd\ufffd\ufffd"],
  ["\u0085\u009b2J\u009d0;title\u009c", "\ufffd\ufffd2J\ufffd0;title\ufffd"],
  ["over\rwritten", "over\ufffdwritten"],
  ["user\u202eexe\u202c\u2066\u2069\u200e\u200f\u061c", `user\ufffdexe${"\ufffd".repeat(6)}`],
  ["in\u200bvis\u2060i\u00adble\ufeff\u3164\u115f\u{e0041}", "in\ufffdvis\ufffdi\ufffdble\ufffd\ufffd\ufffd\ufffd"],
  ["a\u2028b\u2029c", "a\ufffdb\ufffdc"],
  ["x\u200dy\u200cz\ufe0f", "x\ufffdy\ufffdz\ufffd"],
])("takes out of %j what commands, reorders or hides", (text, shown) => {
  expect(printable(text)).toBe(shown);
});

it.each([
  "lines\nand\ttabs",
  "äöü 日本語 עברית العربية",
  "e\u0301",
  "⚠\ufe0f 1\ufe0f\u20e3 👩🏽\u200d💻 ❤\ufe0f\u200d🔥",
  "می\u200cخواهم क्\u200dष",
  "♥ ✔ → …",
])("leaves %j as it is", (text) => {
  expect(printable(text)).toBe(text);
});

it("ends lines as a terminal does", () => {
  expect(printable("a\r\nb\r\n")).toBe("a\nb\n");
});

it("writes the same JSON without any of it", () => {
  const value = { "\u009b": "\u001b\u202e\u{e0041}❤\ufe0f\u2028" };
  const json = printableJson(JSON.stringify(value));
  expect(json).toBe('{"\\u009b":"\\u001b\\u202e\\udb40\\udc41❤\\ufe0f\\u2028"}');
  expect(JSON.parse(json)).toEqual(value);
});
