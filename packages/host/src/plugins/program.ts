import { open } from "node:fs/promises";

const elf = "\u007fELF";
/** What a kernel reads of a first line. */
const longestFirstLine = 256;

/** The bytes the kernel tells by how to run a file, one character each. */
export async function beginningOf(path: string): Promise<string> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(longestFirstLine), 0, longestFirstLine, 0);
  return buffer.toString("latin1", 0, bytesRead);
}

export const isBinary = (beginning: string) => beginning.startsWith(elf);

/** Whether the kernel takes it for a program. Any other file a C library would hand to `/bin/sh`, whatever is in it. */
export const isProgram = (beginning: string) => isBinary(beginning) || beginning.startsWith("#!");
