import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface ScratchFile extends AsyncDisposable {
  readonly path: string;
}

/** A path in a folder that nobody else may enter, for credentials a program wants in a file; gone with its disposal. */
export async function scratchFile(name: string): Promise<ScratchFile> {
  const folder = await mkdtemp(join(tmpdir(), "dockersnap-kind-"));
  return {
    path: join(folder, name),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
