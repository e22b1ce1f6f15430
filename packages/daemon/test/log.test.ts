import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { createLog } from "../src/log.ts";

function capture(options: { level: "debug" | "info" }) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { lines, log: createLog({ level: options.level, destination }) };
}

describe("the log", () => {
  it("has one JSON object a line, with the fields of its parents", () => {
    const { lines, log } = capture({ level: "info" });
    log.debug("not shown");
    log.child({ request_id: "r1" }).info("answered", { status: 200 });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      request_id: "r1",
      status: 200,
      msg: "answered",
    });
  });

  it("never has a token", () => {
    const { lines, log } = capture({ level: "info" });
    log.info("x", { token: "hush", headers: { authorization: "Bearer hush" }, a: { b: { token: "hush" } } });
    expect(lines.join()).not.toContain("hush");
  });

  it("has an error with its causes", () => {
    const { lines, log } = capture({ level: "info" });
    log.error("failed", { error: new Error("outer", { cause: new Error("inner") }) });
    const { error } = JSON.parse(lines[0] ?? "");
    expect([error.message, error.cause.message]).toEqual(["outer", "inner"]);
    expect(error.stack).toContain("log.test.ts");
  });

  const hostile = "a\u001b[2J\u009b31m\u202e\u200b\u0000\rb\\u001b";

  it("says in JSON what was said, in escapes", () => {
    const { lines, log } = capture({ level: "info" });
    log.child({ [hostile]: hostile }).info(hostile, { error: new Error(hostile) });
    expect(lines.join("")).toMatch(/^[\x20-\x7e]*\n$/);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ msg: hostile, [hostile]: hostile, error: { message: hostile } });
  });

  it("commands no terminal, whatever is in it", async () => {
    const { promise: written, resolve } = Promise.withResolvers<string>();
    const terminal = new Writable({ write: (chunk, _encoding, done) => done(void resolve(String(chunk))) });
    const log = createLog({ level: "info", destination: Object.assign(terminal, { isTTY: true }) });
    log.child({ [hostile]: hostile }).info(hostile, { text: "two\nlines", error: new Error(hostile) });
    const shown = stripVTControlCharacters(await written);
    expect(shown).toContain("a\ufffd[2J\ufffd31m\ufffd\ufffd\ufffd\ufffdb\\u001b");
    expect(shown).not.toMatch(/(?!\n)\p{Cc}|[\u202e\u200b]/u);
  });
});
