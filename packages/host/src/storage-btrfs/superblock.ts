import { open } from "node:fs/promises";

/** Of the first superblock, in bytes. */
const superblockOffset = 65_536;
const magicOffset = 64;
const incompatibleFlagsOffset = 188;

export const btrfsMagic = "_BHRfS_M";

/** The eight bytes where btrfs has its magic number. Rejects as open(2) does. */
export async function readMagic(image: string): Promise<string> {
  return (await readBytes(image, magicOffset)).toString("latin1");
}

/** Whether the btrfs in this image has a feature that a kernel must know to mount it, by the number of its bit. */
export async function hasIncompatibleFeature(image: string, bit: bigint): Promise<boolean> {
  const bytes = await readBytes(image, incompatibleFlagsOffset);
  return bytes.length === 8 && ((bytes.readBigUInt64LE() >> bit) & 1n) === 1n;
}

async function readBytes(image: string, offset: number): Promise<Buffer> {
  await using file = await open(image, "r");
  const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, superblockOffset + offset);
  return buffer.subarray(0, bytesRead);
}
