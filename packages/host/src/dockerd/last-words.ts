import { open } from "node:fs/promises";
import { hasErrno } from "../process/errno.ts";

const tailBytes = 16 * 1024;
const keptLines = 3;
const keptCharacters = 1000;

/** What dockerd said last about why it ended, on one line; empty when it said nothing. */
export async function lastWords(log: string): Promise<string> {
  const lines = (await tail(log)).split("\n").filter((line) => line.trim() !== "");
  const telling = lines.filter((line) => !/\blevel=(debug|info|warning)\b/.test(line));
  return (telling.length > 0 ? telling : lines).slice(-keptLines).map(message).join("; ").slice(-keptCharacters);
}

/** The words of a line of logfmt, or the line as it is. */
function message(line: string): string {
  const quoted = /\bmsg="((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
  const error = /\berror="((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
  const text = quoted === undefined ? line : [quoted, error].filter((part) => part !== undefined).join(": ");
  return text.replaceAll('\\"', '"').trim();
}

async function tail(path: string): Promise<string> {
  try {
    await using file = await open(path, "r");
    const { size } = await file.stat();
    const length = Math.min(size, tailBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString("utf8", 0, bytesRead);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return "";
    throw error;
  }
}
