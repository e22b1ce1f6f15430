import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CliResult, cli, shell } from "../../support/cli.ts";
import { World } from "../../support/world.ts";
import { ToldPlugin } from "./told-plugin.ts";

let world: World;
let told: ToldPlugin;
let name: string;
let home: string;
/** Where every value below would leave something if anything of it were run. */
let trap: string;

beforeAll(async () => {
  world = await World.start();
  told = new ToldPlugin(world, "told");
  await world.client.plugins.reload();
  name = world.name("one");
  await world.client.instances.create({ name, workload_inline: { plugin: "told" } });
  home = join(world.dir, "home");
  trap = join(world.dir, "trap");
  mkdirSync(trap);
  // What a `*` in a value would turn into.
  for (const file of ["a", "b c", "-n"]) writeFileSync(join(trap, file), "");
});
afterAll(() => world?.end());

// biome-ignore lint/suspicious/noTemplateCurlyInString: a token of the contract
const accessToken = "${ACCESS_DIR}";

function giveAccess(answer: unknown): void {
  told.behave("access", `cat <<'END-OF-ANSWER'\n${JSON.stringify(answer)}\nEND-OF-ANSWER\n`);
}

describe("a plugin that wants to write a file named", () => {
  const names = [
    "../../etc/x",
    "/etc/x",
    "a/../../x",
    "",
    ".",
    "a//b",
    "a\nb",
    "a\u0000b",
    "a\u001b[31mb",
    "..\\x",
    "x/",
  ];

  it.each(names)("%j writes nothing, on the daemon's host or the client's", async (file) => {
    giveAccess({
      env: { SAFE: "1" },
      files: [
        { name: "good", content: "g" },
        { name: file, content: "evil" },
      ],
    });
    await expect(world.client.instances.access(name)).rejects.toMatchObject({
      code: "plugin_failed",
      message: expect.stringContaining("no plain relative path"),
    });
    const { code, stdout } = await cli(world, "use", name);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "false;\n" });
    expect(filesBelow(home)).toEqual([]);
  });
});

it("a file is written below the instance's own folder, with its mode", async () => {
  giveAccess({ env: {}, files: [{ name: "sub/kubeconfig", content: `k: ${accessToken}`, mode: "0640" }] });
  expect(await cli(world, "use", name)).toMatchObject({ code: 0 });
  const path = join(home, ".dockersnap", name, "sub/kubeconfig");
  expect(readFileSync(path, "utf8")).toBe(`k: ${join(home, ".dockersnap", name)}`);
  expect((statSync(path).mode & 0o777).toString(8)).toBe("640");
});

it.each(["1A", "A B", "A;B", "A=B", "$(x)", "A\n"])("a variable named %j is set by nobody", async (variable) => {
  giveAccess({ env: { [variable]: "x" } });
  expect(await cli(world, "use", name)).toMatchObject({
    code: 1,
    stdout: "false;\n",
    stderr: expect.stringContaining("no name"),
  });
});

it.each(["PATH", "LD_PRELOAD", "BASH_ENV", "PROMPT_COMMAND", "IFS", "ENV"])(
  "a variable that would take over a shell is refused: %s",
  async (variable) => {
    giveAccess({ env: { [variable]: "/tmp/evil", GOOD: "yes" } });
    await expect(world.client.instances.access(name)).rejects.toMatchObject({
      code: "plugin_failed",
      message: expect.stringContaining(`"${variable}"`),
    });
    expect(await cli(world, "use", name)).toMatchObject({ code: 1, stdout: "false;\n" });
  },
);

describe("values that a shell would run", () => {
  const values = (): Record<string, string> => ({
    SUBSTITUTION: `$(touch ${trap}/ran)`,
    BACKTICKS: `\`touch ${trap}/ran\``,
    SEQUENCE: `x; touch ${trap}/ran #`,
    QUOTE: `'; touch ${trap}/ran; '`,
    DOUBLE: `"; touch ${trap}/ran; "`,
    SEVERAL_LINES: `one\ntouch ${trap}/ran\n\n`,
    CARRIAGE: "a\rb",
    GLOB: "*",
    GLOBS: "? [ab] {a,b} ~ !! **",
    BLANKS: "  two  blanks\t ",
    BACKSLASH: "\\n\\052\\\\",
    PARAMETER: "$HOME $$ $(id)",
    FISH: `(touch ${trap}/ran)`,
    PIPE: `| touch ${trap}/ran & > ${trap}/ran`,
    EMPTY: "",
    UMLAUT: "äöü 🐳",
    EQUALS: "=ls",
    DASH: "-n",
  });

  const quoted = (use: string) => `eval "$(${use})"`;
  const unquoted = (use: string) => `eval $(${use})`;
  const shells: [string, string, (use: string) => string][] = [
    ["sh", "quoted", quoted],
    ["sh", "unquoted", unquoted],
    ["bash", "quoted", quoted],
    ["bash", "unquoted", unquoted],
    ["busybox sh", "unquoted", unquoted],
    ["zsh -f", "quoted", quoted],
    ["zsh -f", "unquoted", unquoted],
    ["fish --no-config", "piped into source", (use) => `${use} --shell fish | source`],
    ["fish --no-config", "in eval", (use) => `eval (${use} --shell fish)`],
  ];

  it.each(shells)("come through %s unharmed, %s", async (program, _how, evaluate) => {
    giveAccess({ env: values() });
    const script = `cd ${trap}; ${evaluate(`dockersnap use ${name}`)}; env -0`;
    const { stdout, stderr } = await run(program, script);
    const found = new Map(stdout.split("\0").map((pair) => splitOnce(pair)));
    expect(Object.fromEntries(Object.keys(values()).map((key) => [key, found.get(key)])), stderr).toEqual(values());
    expect(readdirSync(trap).sort()).toEqual(["-n", "a", "b c"]);
  });

  function run(program: string, script: string): Promise<CliResult> {
    writeFileSync(join(world.dir, "script"), script);
    return shell(world, `exec ${program} ${join(world.dir, "script")}`);
  }
});

function splitOnce(pair: string): [string, string] {
  const at = pair.indexOf("=");
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
