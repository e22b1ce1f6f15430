const longest = 1000;
const headerBytes = 8;

/**
 * The end of a log as one line of text. Without a terminal the engine frames what it sends: a byte for the stream, three
 * zeros, four for the length.
 */
export function readLog(log: Buffer): string {
  const isFramed = log.length >= headerBytes && (log[0] ?? 9) <= 2 && log.readUIntBE(1, 3) === 0;
  const text = isFramed ? [...payloads(log)].join("") : log.toString("utf8");
  const lines = text.split("\n").map((line) => line.trim());
  return lines
    .filter((line) => line !== "")
    .join(" | ")
    .slice(-longest);
}

function* payloads(log: Buffer): Generator<string> {
  for (let at = 0; at + headerBytes <= log.length; ) {
    const end = at + headerBytes + log.readUInt32BE(at + 4);
    yield log.toString("utf8", at + headerBytes, end);
    at = end;
  }
}
