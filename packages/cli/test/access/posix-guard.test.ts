import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { posix } from "../../src/access/posix.ts";

// Shells are started, on machines that may be busy with others.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dockersnap-guard-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Arithmetic that runs a command in whatever shell evaluates it, and text to every other. */
const trap = () => `psvar[$(touch ${join(folder, "ran")})0]+0`;
const ran = () => existsSync(join(folder, "ran"));

/** What a shell has of the variable after it evaluated code that sets it, and whether that succeeded. */
function evaluated([program = "", ...args]: string[], before: string, name: string, evaluate: string) {
  const code = posix.guarded([name], [posix.export(name, trap())], ["FAILED=1;", "export FAILED;", "false;"]);
  const file = join(folder, "code");
  writeFileSync(file, `${code.join("\n")}\n`);
  const script = `${before}\n${evaluate} && echo fine\necho "[$FAILED]"; env -0`;
  const { stdout, stderr } = spawnSync(program, [...args, "-c", script], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, CODE_FILE: file },
    encoding: "utf8",
    timeout: 30_000,
  });
  return { stdout, stderr };
}

const quoted = 'eval "$(cat "$CODE_FILE")"';
const unquoted = "eval $(cat $CODE_FILE)";

const loadModules =
  "for m in parameter mapfile terminfo termcap zleparameter system datetime sched langinfo watch; do zmodload zsh/$m 2>/dev/null; done;";

/** All that are not plain text in a zsh as it starts, or with more modules. */
function specialParameters(): string[] {
  const list = `${loadModules} for k in \${(k)parameters}; do [[ $k = [A-Za-z_][A-Za-z_0-9]# && \${(Pt)k} != scalar(|-export) ]] && print -r -- $k; done`;
  const { stdout } = spawnSync("zsh", ["-f", "-o", "extendedglob", "-c", list], {
    env: { PATH: process.env.PATH, HOME: folder },
    encoding: "utf8",
  });
  return stdout.split("\n").filter((name) => name !== "");
}

it("sets no parameter that is special to zsh, whatever its name", () => {
  const names = specialParameters();
  expect(names).toEqual(expect.arrayContaining(["FUNCNEST", "HISTSIZE", "psvar", "functions", "PROMPT", "SECONDS"]));
  for (const name of names) {
    const { stdout, stderr } = evaluated(["zsh", "-f"], loadModules, name, quoted);
    expect({ name, stdout: stdout.split("\n")[0] }).toEqual({ name, stdout: "[1]" });
    expect(stderr).toContain(`error: ${name} is no plain variable of this shell (`);
  }
  expect(ran()).toBe(false);
});

it.each([
  ["an integer of bash", ["bash", "--norc"], "declare -i V"],
  ["an exported integer of bash", ["bash", "--norc"], "declare -ix V=5"],
  ["a reference of bash", ["bash", "--norc"], "declare -n V=PATH"],
  ["a read-only one of bash", ["bash", "--norc"], "readonly V=1"],
  ["an array of bash", ["bash", "--norc"], "declare -a V=(1)"],
  ["an integer of zsh", ["zsh", "-f"], "typeset -i V"],
  ["a float of zsh", ["zsh", "-f"], "typeset -F V"],
  ["a read-only one of zsh", ["zsh", "-f"], "readonly V=1"],
  ["one that zsh ties to an array", ["zsh", "-f"], "typeset -T V v"],
  ["one that zsh writes in capitals", ["zsh", "-f"], "typeset -u V"],
  ["an integer of zsh as sh", ["zsh", "-f"], "emulate sh; typeset -i V"],
  ["an integer of zsh as ksh", ["zsh", "-f"], "emulate ksh; typeset -i V"],
  [
    "an integer of zsh that splits and globs",
    ["zsh", "-f"],
    "setopt sh_word_split glob_subst extended_glob; typeset -i V",
  ],
])("does not set %s", (_what, shell, before) => {
  for (const evaluate of [quoted, unquoted]) {
    const { stdout, stderr } = evaluated(shell, before, "V", evaluate);
    expect(stdout.split("\n")[0], stderr).toBe("[1]");
    expect(stderr).toContain("error: V is no plain variable of this shell (");
  }
  expect(ran()).toBe(false);
});

it.each([
  ["dash", ["dash"], ""],
  ["dash, one that is set", ["dash"], "V=1"],
  ["sh where what is not set is an error", ["sh"], "set -u; FAILED="],
  ["busybox", ["busybox", "sh"], "V=1"],
  ["bash", ["bash", "--norc"], ""],
  ["bash, one that is exported", ["bash", "--norc"], "export V='a V b'"],
  ["bash, one that is exported and not set", ["bash", "--norc"], "export V"],
  ["bash as sh", ["bash", "--posix"], "V=1"],
  ["bash that is strict", ["bash", "--norc"], "set -eu; shopt -s failglob; FAILED="],
  ["zsh", ["zsh", "-f"], ""],
  ["zsh, one that is exported", ["zsh", "-f"], "export V='a V b'"],
  ["zsh that is strict", ["zsh", "-f"], "setopt err_exit no_unset; FAILED="],
  ["zsh that splits and globs as sh does", ["zsh", "-f"], "setopt sh_word_split glob_subst extended_glob"],
  ["zsh as sh", ["zsh", "-f"], "emulate sh; V=1"],
  ["zsh as ksh", ["zsh", "-f"], "emulate ksh; V=1"],
])("sets a plain variable to the text it is given: %s", (_what, shell, before) => {
  for (const evaluate of [quoted, unquoted]) {
    const { stdout, stderr } = evaluated(shell, before, "V", evaluate);
    expect(stdout, stderr).toMatch(/^fine\n\[\]\n/);
    expect(stdout.split("\0")).toContain(`V=${trap()}`);
  }
  expect(ran()).toBe(false);
});

it("sets a variable of a function's own", () => {
  for (const [shell, declare] of [
    [["bash", "--norc"], "local V=1"],
    [["zsh", "-f"], "local V=1"],
    [["zsh", "-f"], "local -x V=1"],
  ] as const) {
    const { stdout, stderr } = evaluated([...shell], "", "V", `f() { ${declare}; ${quoted}; }; f`);
    expect(stdout, stderr).toMatch(/^fine\n/);
  }
});
