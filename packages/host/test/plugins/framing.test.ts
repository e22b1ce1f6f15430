import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineFramer } from "../../src/plugins/framing.ts";

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array.filter((byte) => byte !== 0x0a)));

/** The same bytes, cut at any places. */
const chunked = (whole: Buffer) =>
  fc.array(fc.nat({ max: whole.length }), { maxLength: 10 }).map((cuts) => {
    const places = [0, ...cuts.sort((a, b) => a - b), whole.length];
    return places.slice(1).map((to, index) => whole.subarray(places[index], to));
  });

function frame(chunks: readonly Buffer[], maxLine: number) {
  const framer = new LineFramer(maxLine);
  const frames = chunks.flatMap((chunk) => framer.push(chunk));
  const last = framer.end();
  return [...frames, ...(last === undefined ? [] : [last])].map(({ bytes, truncated }) => ({
    text: bytes.toString("hex"),
    truncated,
  }));
}

describe("a framer", () => {
  it("gives the lines that were written, however they arrive", () => {
    const written = fc.array(bytes).chain((lines) => {
      const whole = Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")]));
      return chunked(whole).map((chunks) => ({ lines, chunks }));
    });
    fc.assert(
      fc.property(written, ({ lines, chunks }) => {
        expect(frame(chunks, 1000)).toEqual(lines.map((line) => ({ text: line.toString("hex"), truncated: false })));
      }),
    );
  });

  it("gives the same for any chunking, with lines past the bound and without a last newline", () => {
    const streams = fc
      .uint8Array({ maxLength: 200 })
      .map((array) => Buffer.from(array.map((byte) => (byte % 8 === 0 ? 0x0a : byte))))
      .chain((whole) => chunked(whole).map((chunks) => ({ whole, chunks })));
    fc.assert(
      fc.property(streams, fc.integer({ min: 1, max: 20 }), ({ whole, chunks }, maxLine) => {
        expect(frame(chunks, maxLine)).toEqual(frame([whole], maxLine));
      }),
    );
  });

  it("gives the beginning of a line past the bound at once, and passes over its rest", () => {
    const framer = new LineFramer(4);
    expect(framer.push(Buffer.from("abcde"))).toMatchObject([{ truncated: true }]);
    expect(framer.push(Buffer.alloc(1000, "x"))).toEqual([]);
    expect(framer.push(Buffer.from("y\nok\n")).map((line) => line.bytes.toString())).toEqual(["ok"]);
    expect(framer.end()).toBeUndefined();
  });

  it("takes a line of exactly the bound whole", () => {
    expect(frame([Buffer.from("abcd\n")], 4)).toEqual([
      { text: Buffer.from("abcd").toString("hex"), truncated: false },
    ]);
  });

  it("keeps the last line where no newline ends it", () => {
    expect(frame([Buffer.from("a\nb")], 10)).toHaveLength(2);
  });
});
