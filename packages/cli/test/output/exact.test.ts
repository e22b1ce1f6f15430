import fc from "fast-check";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { jsonText, yamlText } from "../../src/output/printable.ts";
import { cleanSink } from "../../src/output/terminal.ts";

/** Characters that terminals act upon or hide, beside ordinary ones and those that mean something to YAML. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      ..."ab0 \n\t\r:#-[]{}'\"\\|>&*!%@`~,?\u0000\u001b\u007f\u0085\u009b\u00ad\u200b\u200d\u202e\u2028\ufeff\ufe0f❤é日",
    ),
    fc.constantFrom("\u{e0041}", "😀", "true", "1e3", "null", "...", "---", "<<"),
  ),
  maxLength: 120,
});
const value = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 3 }, text, fc.integer(), fc.boolean(), tie("list"), tie("map")),
  list: fc.array(tie("any"), { maxLength: 3 }),
  map: fc.dictionary(text, tie("any"), { maxKeys: 3 }),
})).map;

/** What a terminal shows of it. */
function shown(written: string): string {
  let screen = "";
  cleanSink({ write: (part) => (screen += part), isTTY: true, columns: 80 }).write(written);
  return screen;
}

it("writes JSON that says exactly what was said, and that a terminal shows as it is", () => {
  fc.assert(
    fc.property(value, (any) => {
      const json = jsonText(any, 2);
      expect(JSON.parse(json)).toEqual(any);
      expect(shown(json)).toBe(json);
    }),
  );
}, 60_000);

it("writes YAML that says exactly what was said, and that a terminal shows as it is", async () => {
  await fc.assert(
    fc.asyncProperty(value, async (any) => {
      const yaml = await yamlText(any);
      expect(parse(yaml)).toEqual(any);
      expect(shown(yaml)).toBe(yaml);
    }),
  );
}, 60_000);
