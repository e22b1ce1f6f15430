import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { fish } from "../../src/access/fish.ts";
import { posix } from "../../src/access/posix.ts";
import { dialectFor } from "../../src/access/shells.ts";

// Many shells are started, on machines that may be busy with others.
vi.setConfig({ testTimeout: 60_000 });

/** How a shell is made to read the code, with the way it is evaluated put in place of EVAL. */
const posixShells: [string, string, string[]][] = [
  ["dash", "", ["dash"]],
  ["sh with noglob off and IFS default", "set +f;", ["sh"]],
  ["bash", "", ["bash", "--norc"]],
  ["bash with every glob option", "shopt -s extglob nullglob dotglob globstar nocaseglob;", ["bash", "--norc"]],
  ["bash where a glob must match", "shopt -s failglob extglob;", ["bash", "--norc"]],
  ["bash as sh", "", ["bash", "--posix"]],
  ["busybox", "", ["busybox", "sh"]],
  ["zsh", "", ["zsh", "-f"]],
  ["zsh that splits and globs as sh does", "setopt sh_word_split glob_subst extended_glob;", ["zsh", "-f"]],
  ["zsh as sh", "emulate sh;", ["zsh", "-f"]],
];

const quoted = 'eval "$(cat "$CODE_FILE")"';
const unquoted = 'eval $(cat "$CODE_FILE")';

/** Names that globs in careless output would turn into. */
const traps = ["a", "b", "export", "x y", "K=v", "printf", ".hidden", "[", "'", "\\", "\\052", "-n", "DS_T_0=evil"];

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dockersnap-eval-"));
  mkdirSync(join(folder, "traps"));
  for (const name of traps) writeFileSync(join(folder, "traps", name), "");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function evaluated(command: string[], script: string, code: string): Map<string, string> {
  const codeFile = join(folder, "code");
  writeFileSync(codeFile, code);
  const [program = "", ...args] = command;
  const { stdout, stderr, status } = spawnSync(program, [...args, "-c", `${script}\nenv -0`], {
    cwd: join(folder, "traps"),
    env: { PATH: process.env.PATH, HOME: folder, CODE_FILE: codeFile, LC_ALL: "C.UTF-8", DS_T_GONE: "still here" },
    encoding: "utf8",
    timeout: 20_000,
  });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  const pairs = stdout.split("\0").filter((pair) => pair.includes("="));
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

const awkward = fc.constantFrom(
  ..." \t\n\r'\"\\`$*?[]{}()<>|&;#~!^=%@:,+-",
  "\u0001",
  "\u001b",
  "\u007f",
  "\u0085",
  "é",
  "漢",
  "😀",
  "$(touch pwned)",
  "`touch pwned`",
  "$HOME",
  "\\n",
  "\\052",
  "%s",
  "  ",
  "\n\n",
  "';touch pwned;'",
  "[a-z]*",
  "!!",
  "+(a|b)",
);
const value = fc.oneof(
  fc
    .array(fc.oneof(awkward, fc.string({ unit: "binary", maxLength: 2 })), { maxLength: 12 })
    .map((parts) => parts.join("")),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom(
    "",
    " ",
    "\n",
    "-n",
    "-e",
    "*",
    "=",
    "~",
    "a\n",
    "\n\na \n\n",
    "a  b",
    "unix:///run/dockersnap/demo.sock",
  ),
);
const values = fc.array(
  value.map((text) => text.replaceAll("\0", "").toWellFormed()),
  { minLength: 1, maxLength: 40 },
);

describe.each(posixShells)("%s", (_title, options, command) => {
  it.each([
    ["quoted", quoted],
    ["unquoted", unquoted],
  ])("gets every value unharmed from an eval that is %s", (_how, evaluate) => {
    fc.assert(
      fc.property(values, (all) => {
        const code = [posix.unset("DS_T_GONE"), ...all.map((text, index) => posix.export(`DS_T_${index}`, text))];
        const env = evaluated(command, `${options}\n${evaluate}`, `${code.join("\n")}\n`);
        expect(all.map((_, index) => env.get(`DS_T_${index}`))).toEqual(all);
        expect(env.has("DS_T_GONE")).toBe(false);
      }),
      { numRuns: 25 },
    );
  });
});

describe("fish", () => {
  it.each([
    ["a quoted eval", 'eval "$(cat $CODE_FILE)"'],
    ["an unquoted eval", "eval (cat $CODE_FILE)"],
    ["source", "cat $CODE_FILE | source"],
  ])("gets every value unharmed from %s", (_how, evaluate) => {
    fc.assert(
      fc.property(values, (all) => {
        const code = [fish.unset("DS_T_GONE"), ...all.map((text, index) => fish.export(`DS_T_${index}`, text))];
        const env = evaluated(["fish", "--no-config"], evaluate, `${code.join("\n")}\n`);
        expect(all.map((_, index) => env.get(`DS_T_${index}`))).toEqual(all);
        expect(env.has("DS_T_GONE")).toBe(false);
      }),
      { numRuns: 25 },
    );
  });
});

it("ran nothing of what the values hold", () => {
  expect(readdirSync(join(folder, "traps")).sort()).toEqual(traps.toSorted());
});

it("ends every statement with a semicolon and shows plain values as they are", () => {
  expect(posix.export("DOCKER_HOST", "unix:///run/dockersnap/demo.sock")).toBe(
    "export DOCKER_HOST='unix:///run/dockersnap/demo.sock';",
  );
  expect(posix.export("A", "b c\n")).toBe(`A="\`printf %b 'b\\0040c\\0012.'\`"; A="\${A%.}"; export A;`);
  expect(posix.unset("A")).toBe("unset A;");
  expect(fish.export("A", "it's\n")).toBe("set -gx A 'it\\'s'\\u000a;");
  expect(fish.unset("A")).toBe("set -e A;");
});

it("speaks the dialect asked for, else the one of the shell that started it, else the login shell's, else POSIX", () => {
  const dialect = (asked?: string, parentProgram?: string, SHELL?: string) =>
    dialectFor(asked, { env: SHELL === undefined ? {} : { SHELL }, parentProgram });
  expect(dialect("fish", "bash", "/bin/bash")).toBe(fish);
  expect(dialect("zsh", "fish", "/usr/bin/fish")).toBe(posix);
  expect(dialect(undefined, "fish", "/bin/bash")).toBe(fish);
  expect(dialect(undefined, "sh", "/usr/bin/fish")).toBe(posix);
  expect(dialect(undefined, "sudo", "/usr/bin/fish")).toBe(fish);
  expect(dialect(undefined, undefined, "/usr/bin/fish")).toBe(fish);
  expect(dialect()).toBe(posix);
});
