import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Rule, ruleIds, rules } from "../src/index.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/how-to/check-a-plugin.md"), "utf8");

it("lists every rule on the page about it, with what puts it right", () => {
  const [, listed = ""] = page.split("## The rules\n\n");
  const rows = ruleIds.map((id) => {
    const { statement, fix }: Rule = rules[id];
    return `| \`${id}\` | ${cell(statement)} | ${cell(fix)} |`;
  });
  expect(listed).toBe(["| rule | | what puts it right |", "|---|---|---|", ...rows, ""].join("\n"));
});

it("shows there what the command says of them", () => {
  const shown = [...page.matchAll(/^ {2}[✓✗!-] (.+) \(([a-z/-]+)\)\n {6}seen: .+\n {6}fix: {2}(.+)$/gm)];
  expect(shown).toHaveLength(3);
  for (const [, statement, id = "", fix] of shown) expect({ statement, fix }).toEqual(rules[id as keyof typeof rules]);
});

/** Of what a rule says, only this means something else in a table. */
const cell = (text: string) => text.replace(/[<|]/g, "\\$&");
