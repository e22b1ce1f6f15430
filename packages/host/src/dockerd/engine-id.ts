import { createECDH, createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hasErrno } from "../process/errno.ts";

/**
 * A key file for an engine. Before version 23, Docker's ID is the fingerprint of such a key, by default one of the host,
 * which all engines would share. The key follows from the instance's id, so an engine has the same one after every start.
 */
export function engineKey(id: string): string {
  const ecdh = createECDH("prime256v1");
  for (let round = 0; ; round += 1) {
    try {
      ecdh.setPrivateKey(createHash("sha256").update(`${id} ${round}`).digest());
      break;
    } catch {
      // One number in 2^32 is not a private key of this curve.
    }
  }
  const point = ecdh.getPublicKey();
  const number = (bytes: Buffer) => Buffer.concat([Buffer.alloc(32 - bytes.length), bytes]).toString("base64url");
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map(number);
  return `${JSON.stringify({ crv: "P-256", d: number(ecdh.getPrivateKey()), kty: "EC", x, y })}\n`;
}

/**
 * Where Docker keeps its ID from version 23 on: in the data-root, so that a clone would have its source's. Written before
 * dockerd starts. A container can write to the data-root's folders, so no link is followed.
 */
export async function writeEngineId(dataRoot: string, id: string): Promise<void> {
  const file = join(dataRoot, "engine-id");
  // Left as it is where it is right, so that it never counts as a change since the snapshot.
  if ((await readPlain(file)) === id) return;
  const next = `${file}.new`;
  await rm(next, { recursive: true, force: true });
  await writeFile(next, id, { flag: "wx", mode: 0o600 });
  await rename(next, file);
}

/** What stands in a short ordinary file; undefined for anything else. */
async function readPlain(file: string): Promise<string | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    await using handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const stat = await handle.stat();
    return stat.isFile() && stat.size < 100 ? await handle.readFile("utf8") : undefined;
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ELOOP", "ENXIO")) return undefined;
    throw error;
  }
}
