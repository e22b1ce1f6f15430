import { open } from "node:fs/promises";

/** Of the first superblock, in bytes. */
const superblockOffset = 65_536;
const fsidOffset = 32;
const magicOffset = 64;
const incompatibleFlagsOffset = 188;

export const btrfsMagic = "_BHRfS_M";

/** The eight bytes where btrfs has its magic number. Rejects as open(2) does. */
export async function readMagic(image: string): Promise<string> {
  return (await readBytes(image, magicOffset)).toString("latin1");
}

/** The number that the btrfs in this image, or on this device, was made with; no other has it. Rejects as open(2) does. */
export async function readFsid(image: string): Promise<string> {
  return (await readBytes(image, fsidOffset, 16)).toString("hex");
}

/** Whether the btrfs in this image has a feature that a kernel must know to mount it, by the number of its bit. */
export async function hasIncompatibleFeature(image: string, bit: bigint): Promise<boolean> {
  const bytes = await readBytes(image, incompatibleFlagsOffset);
  return bytes.length === 8 && ((bytes.readBigUInt64LE() >> bit) & 1n) === 1n;
}

async function readBytes(image: string, offset: number, length = 8): Promise<Buffer> {
  await using file = await open(image, "r");
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, superblockOffset + offset);
  return buffer.subarray(0, bytesRead);
}
