import type { StorageSubject } from "./subject.ts";

export const MiB = 1024 * 1024;

/** Replace a file by one of so many MiB, no two blocks of which were ever the same. */
export async function fill(subject: StorageSubject, id: string, file: string, size: number): Promise<void> {
  const bytes = new Uint8Array(size * MiB);
  for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  await subject.write(id, file, bytes);
}
