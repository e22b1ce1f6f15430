import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Home extends AsyncDisposable {
  readonly home: string;
  /** A file in the place of an engine's socket. */
  readonly socket: string;
}

/** A home folder of its own, with what looks like the socket of an engine on this machine. */
export async function homeWithSocket(): Promise<Home> {
  const home = await mkdtemp(join(tmpdir(), "dockersnap-home-"));
  const socket = join(home, "demo.sock");
  await writeFile(socket, "");
  return { home, socket, [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }) };
}
