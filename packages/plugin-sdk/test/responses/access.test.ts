import { expect, it } from "vitest";
import { type AccessResult, createPlugin, fileFromString } from "../../src/index.ts";
import { runCommand } from "../../src/testing/index.ts";

async function respond(result: AccessResult) {
  const plugin = createPlugin({ name: "x", version: "1" });
  plugin.onAccess(() => result);
  return runCommand(plugin, "access");
}

it.each([
  [undefined, "0600"],
  [0o644, "0644"],
  ["0640", "0640"],
  ["640", "0640"],
])("gives a file of mode %s the mode %s", async (mode, wire) => {
  const { stdout } = await respond({ files: [fileFromString("certs/ca.pem", "x", mode)] });
  expect(stdout).toMatchObject({ files: [{ name: "certs/ca.pem", content: "x", mode: wire }] });
});

it.each(["", "/etc/passwd", "../up", "a/../b", "a//b", "a/", "./a", "a\nb", "a\\b", "a\0b"])(
  "refuses the file name %j",
  async (name) => {
    const { exitCode, stdout } = await respond({ files: { [name]: "x" } });
    expect(exitCode).toBe(1);
    expect(stdout).toMatchObject({ error: expect.stringContaining("not a plain relative path") });
  },
);

it.each(["1A", "A-B", "A B", "", "A;rm"])("refuses the variable %j", async (name) => {
  expect(await respond({ env: { [name]: "x" } })).toMatchObject({ exitCode: 1 });
});

it.each(["rw", "0999", "77", "07777"])("refuses the mode %s", async (mode) => {
  expect(await respond({ files: [{ name: "a", content: "", mode }] })).toMatchObject({ exitCode: 1 });
});
