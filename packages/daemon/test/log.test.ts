import { describe, expect, it } from "vitest";
import { createLog } from "../src/log.ts";

function capture(options: { level: "debug" | "info"; isTTY?: boolean }) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line), ...(options.isTTY ? { isTTY: true } : {}) };
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
});
