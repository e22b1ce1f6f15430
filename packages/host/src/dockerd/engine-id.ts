import { createECDH, createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { hasErrno } from "../process/errno.ts";

/**
 * A key file for an engine. Up to version 24, Docker's ID is the fingerprint of such a key, by default one of the host,
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
  try {
    if ((await readFile(file, "utf8")) === id) return;
  } catch (error) {
    if (!hasErrno(error, "ENOENT")) throw error;
  }
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  {
    await using handle = await open(`${file}.new`, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    await handle.writeFile(id);
  }
  await rename(`${file}.new`, file);
}
