import { expect, it } from "vitest";
import { createLogger } from "../src/logger.ts";

function logged(level?: string) {
  const lines: string[] = [];
  const origin = { plugin: "echo", command: "deploy", instance: "demo", level };
  const logger = createLogger(
    origin,
    (line) => lines.push(line),
    () => new Date("2026-04-30T10:00:00Z"),
  );
  logger.debug("d");
  logger.info("i", { port: 1, text: "two\nlines" });
  logger.warn("w");
  logger.error("e");
  return lines.map((line) => JSON.parse(line));
}

it("writes the contract's line, one for each call", () => {
  expect(logged()[0]).toEqual({
    ts: "2026-04-30T10:00:00.000Z",
    level: "INFO",
    plugin: "echo",
    instance: "demo",
    command: "deploy",
    msg: "i",
    attrs: { port: 1, text: "two\nlines" },
  });
});

it.each([
  [undefined, ["i", "w", "e"]],
  ["nonsense", ["i", "w", "e"]],
  ["debug", ["d", "i", "w", "e"]],
  ["Warn", ["w", "e"]],
  ["ERROR", ["e"]],
])("writes from the level %s on", (level, messages) => {
  expect(logged(level).map((line) => line.msg)).toEqual(messages);
});
