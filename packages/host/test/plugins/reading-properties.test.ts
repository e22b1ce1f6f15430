import { DescribeResponse, type ProgressEvent } from "@dockersnap/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bounds } from "../../src/plugins/bounds.ts";
import { parseLeniently } from "../../src/plugins/lenient-json.ts";
import { StderrReader } from "../../src/plugins/log-forwarding.ts";
import { ProgressReader } from "../../src/plugins/progress.ts";
import { parseResponse, ResponseReader } from "../../src/plugins/response.ts";
import { memoryLog } from "./support.ts";

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const event = fc.record(
  {
    step: fc.constantFrom("pull", "complete", "é", ""),
    status: fc.constantFrom("running", "done", "error", "odd"),
    message: fc.oneof(fc.string(), fc.constant(null)),
    percent: fc.oneof(fc.double(), fc.string()),
    own: fc.jsonValue({ maxDepth: 2 }),
  },
  { requiredKeys: ["step", "status"] },
);
const logLine = fc.record({
  ts: fc.constant("2026-01-01T00:00:00Z"),
  level: fc.constantFrom("INFO", "warn", "Debug", "FATAL"),
  plugin: fc.constant("p"),
  msg: fc.string(),
});
const bytes = fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array));
const line = fc.oneof(
  event.map(json),
  logLine.map(json),
  fc.record({ error: fc.string() }).map(json),
  fc.string().map((text) => Buffer.from(text)),
  bytes,
  // Cut within a character, and nearly an event.
  fc.constant(Buffer.from('{"step":"é","status":"running"}').subarray(0, 10)),
  fc.constant(Buffer.from('{"step":"a","status":"running"}\r')),
);
const written = fc
  .tuple(fc.array(line, { maxLength: 12 }), fc.boolean())
  .map(([lines, hasLastNewline]) =>
    Buffer.concat([
      ...lines.flatMap((each, index) => (index === 0 ? [each] : [Buffer.from("\n"), each])),
      ...(hasLastNewline ? [Buffer.from("\n")] : []),
    ]),
  );

/** The same bytes whole and cut at any places. */
const cut = written.chain((whole) =>
  fc.array(fc.nat({ max: whole.length }), { maxLength: 12 }).map((cuts) => {
    const places = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
    return { whole, chunks: places.slice(1).map((to, index) => whole.subarray(places[index], to)) };
  }),
);

function progressOf(chunks: readonly Buffer[]) {
  const log = memoryLog();
  const events: ProgressEvent[] = [];
  const reader = new ProgressReader(log, (each) => events.push(each));
  const reason = chunks.map((chunk) => reader.push(chunk)).find((why) => why !== undefined);
  reader.end();
  return { events, reason, lastError: reader.lastError, other: reader.otherOutput, log: log.entries };
}

describe("progress", () => {
  it("is the same however its bytes arrive", () => {
    fc.assert(
      fc.property(cut, ({ whole, chunks }) => {
        expect(progressOf(chunks)).toEqual(progressOf([whole]));
      }),
    );
  });

  it("gives each event once, in order, as it was written, until complete", () => {
    const good = fc.record({
      step: fc.constantFrom("a", "b", "ü"),
      status: fc.constantFrom("running", "done", "error"),
      message: fc.string(),
      own: fc.array(fc.integer()),
    });
    const noise = fc.string().filter((text) => !text.includes("\n") && !text.includes("{"));
    fc.assert(
      fc.property(fc.array(good), fc.array(noise), (events, lines) => {
        const mixed = events.flatMap((each, index) => [lines[index] ?? "", JSON.stringify(each)]);
        const text = [...mixed, '{"step":"complete","status":"done"}', '{"step":"late","status":"done"}'].join("\n");
        expect(progressOf([Buffer.from(text)]).events).toEqual([...events, { step: "complete", status: "done" }]);
      }),
    );
  });

  it("has no line longer than its bound, whole or in pieces", () => {
    const { progressLine } = bounds;
    fc.assert(
      fc.property(fc.integer({ min: -2, max: 2 }), fc.integer({ min: 1, max: 9 }), (more, pieces) => {
        const long = Buffer.alloc(progressLine + more, " ");
        const size = Math.ceil(long.length / pieces);
        const chunks = Array.from({ length: pieces }, (_, index) => long.subarray(index * size, (index + 1) * size));
        const { reason } = progressOf([...chunks, Buffer.from("\n")]);
        expect(reason === undefined).toBe(more <= 0);
      }),
      { numRuns: 20 },
    );
  });
});

it("logs are the same however their bytes arrive, and so are the words that are kept", () => {
  const logged = (chunks: readonly Buffer[]) => {
    const log = memoryLog();
    const reader = new StderrReader(log);
    for (const chunk of chunks) reader.push(chunk);
    reader.end();
    return { entries: log.entries, words: reader.words() };
  };
  fc.assert(
    fc.property(cut, ({ whole, chunks }) => {
      expect(logged(chunks)).toEqual(logged([whole]));
    }),
  );
});

describe("an answer", () => {
  const anything = fc.oneof(
    bytes,
    fc.json().map((text) => Buffer.from(text)),
    written,
  );

  it("of any bytes is one of its shape or told what is wrong with it", () => {
    fc.assert(
      fc.property(anything, (answer) => {
        const parsed = parseResponse(DescribeResponse, answer);
        if ("problem" in parsed) expect(parsed.problem).toMatch(/^answered /);
        else expect(DescribeResponse.parse(parsed.value)).toEqual(parsed.value);
      }),
    );
  });

  it("is what was written, in any pieces", () => {
    fc.assert(
      fc.property(cut, ({ whole, chunks }) => {
        const reader = new ResponseReader();
        for (const chunk of chunks) expect(reader.push(chunk)).toBeUndefined();
        expect(reader.bytes()).toEqual(whole);
      }),
    );
  });
});

it("what a plugin writes is read as JSON is, but for fields that are null", () => {
  const holdsNull = (value: unknown): boolean =>
    typeof value === "object" &&
    value !== null &&
    Object.values(value).some((each) => each === null || holdsNull(each));
  fc.assert(
    fc.property(fc.json({ maxDepth: 20 }), (text) => {
      const value: unknown = JSON.parse(text);
      fc.pre(!holdsNull(value) && !text.includes("__proto__"));
      expect(parseLeniently(text)).toEqual(value);
    }),
  );
});
