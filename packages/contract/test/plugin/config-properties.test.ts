import fc from "fast-check";
import { expect, it } from "vitest";
import { type ConfigOption, checkConfig } from "../../src/words.ts";

const rules = { instanceName: "demo", fileExists: () => true };
const key = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom("__proto__", "constructor", "toString", "a.b", "a"));
const text = fc.oneof(
  fc.string(),
  fc.constantFrom("{{ instance_name }}", "{{", "}}", "{{x}}", "a{{instance_name}}b{{"),
);
const value = fc.oneof(text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.array(text), fc.object());
const option: fc.Arbitrary<ConfigOption> = fc.record(
  {
    name: key,
    type: fc.constantFrom("string", "int", "bool", "string-list", "path"),
    default: value,
    required: fc.boolean(),
  },
  { requiredKeys: ["name", "type"] },
);
const options = fc.uniqueArray(option, { selector: ({ name }) => name, maxLength: 6 });
const given = fc.array(fc.tuple(key, value), { maxLength: 6 }).map((entries) => Object.fromEntries(entries));

it("holds declared keys of their types alone, or names what is wrong with every other", () => {
  fc.assert(
    fc.property(options, given, (declared, values) => {
      const { config, problems } = checkConfig(declared, values, rules);
      const named = new Set(problems.map((problem) => problem.key));
      for (const { message } of problems) expect(message).toMatch(/[.?]$/);
      for (const name of Object.keys(values)) expect(Object.hasOwn(config, name) !== named.has(name)).toBe(true);
      for (const [name, held] of Object.entries(config)) {
        const type = declared.find((each) => each.name === name)?.type;
        const isRight = {
          string: typeof held === "string",
          path: typeof held === "string",
          int: Number.isSafeInteger(held),
          bool: typeof held === "boolean",
          "string-list": Array.isArray(held) && held.every((item) => typeof item === "string"),
        }[type ?? "string"];
        expect([type, isRight]).toEqual([type, true]);
      }
    }),
  );
});

it("comes with the problems of every key at once: those that each has alone", () => {
  fc.assert(
    fc.property(options, given, (declared, values) => {
      const alone = (asked: readonly ConfigOption[], names: readonly string[]) =>
        checkConfig(asked, Object.fromEntries(names.map((name) => [name, values[name]])), rules).problems;
      const isDeclared = (name: string) => declared.some((each) => each.name === name);
      const expected = [
        ...Object.keys(values)
          .filter((name) => !isDeclared(name))
          .flatMap((name) => alone([], [name]).map(({ key }) => key)),
        ...declared.flatMap((each) =>
          alone([each], Object.hasOwn(values, each.name) ? [each.name] : []).map(({ key }) => key),
        ),
      ];
      expect(checkConfig(declared, values, rules).problems.map((problem) => problem.key)).toEqual(expected);
    }),
  );
});

it("offers a declared name for one that is a letter off", () => {
  const word = fc.stringMatching(/^[a-z]{4,12}$/);
  fc.assert(
    fc.property(word, fc.nat(), fc.constantFrom("0", "1"), (name, place, letter) => {
      const at = place % name.length;
      const mistyped = `${name.slice(0, at)}${letter}${name.slice(at + 1)}`;
      const { problems } = checkConfig([{ name, type: "string" }], { [mistyped]: "x" }, rules);
      expect(problems.map(({ message }) => message)).toEqual([`Unknown key '${mistyped}'. Did you mean '${name}'?`]);
    }),
  );
});

it("changes nothing of a configuration that was checked before", () => {
  fc.assert(
    fc.property(options, given, (declared, values) => {
      const { config, problems } = checkConfig(declared, values, rules);
      fc.pre(problems.length === 0);
      expect(checkConfig(declared, config, rules)).toEqual({ config, problems: [] });
    }),
  );
});

it("leaves what every object inherits as it was", () => {
  fc.assert(
    fc.property(options, given, (declared, values) => {
      const { config } = checkConfig(declared, values, rules);
      expect(Object.getPrototypeOf(config)).toBe(Object.prototype);
      expect(Object.keys(Object.prototype)).toEqual([]);
    }),
  );
});
