import { readdir, stat } from "node:fs/promises";

/** Whether any process of this host is in the network namespace that is named at this path. */
export async function isInhabited(netnsPath: string): Promise<boolean> {
  const namespace = await statOrNothing(netnsPath);
  if (namespace === undefined) return false;
  const processes = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const theirs = await Promise.all(processes.map((pid) => statOrNothing(`/proc/${pid}/ns/net`)));
  return theirs.some((its) => its?.ino === namespace.ino && its.dev === namespace.dev);
}

/** Absent, or of a process that has ended meanwhile or belongs to somebody else. */
async function statOrNothing(path: string): Promise<{ ino: number; dev: number } | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return undefined;
    throw error;
  }
}
