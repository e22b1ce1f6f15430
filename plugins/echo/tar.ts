/** A file, a folder (its path ends in a slash) or a symbolic link. Paths are short and ASCII. */
export interface TarEntry {
  readonly path: string;
  readonly mode: number;
  readonly content?: Buffer;
  readonly link?: string;
}

const blockSize = 512;

/** A ustar archive, owned by root and dated to the epoch, so that the same entries always make the same bytes. */
export function tar(entries: readonly TarEntry[]): Buffer {
  const blocks: Buffer[] = [];
  for (const entry of entries) {
    const content = entry.content ?? Buffer.alloc(0);
    blocks.push(header(entry, content.length), content, Buffer.alloc(-content.length & (blockSize - 1)));
  }
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockSize)]);
}

function header({ path, mode, link }: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(blockSize);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  block.write(path, 0, 100);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136);
  block.write(link !== undefined ? "2" : path.endsWith("/") ? "5" : "0", 156);
  block.write(link ?? "", 157, 100);
  block.write("ustar\u000000", 257);
  // The checksum is summed up as if its own field were blank.
  block.write(" ".repeat(8), 148);
  block.write(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )}\0 `,
    148,
  );
  return block;
}
