import { readdir, stat } from "node:fs/promises";

/** Whether any process of this host is in the network namespace that is named at this path. */
export async function isInhabited(netnsPath: string): Promise<boolean> {
  const namespace = await statOrNothing(netnsPath);
  if (namespace === undefined) return false;
  return (await inhabitant(namespace)) !== undefined;
}

/** What tells a network namespace from all others there are. */
export interface NamespaceId {
  readonly ino: number;
  readonly dev: number;
}

export function namespaceId(netnsPath: string): Promise<NamespaceId | undefined> {
  return statOrNothing(netnsPath);
}

/** Some process in this network namespace. */
export async function inhabitant(namespace: NamespaceId): Promise<number | undefined> {
  const processes = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const theirs = await Promise.all(processes.map((pid) => statOrNothing(`/proc/${pid}/ns/net`)));
  const index = theirs.findIndex((its) => its?.ino === namespace.ino && its.dev === namespace.dev);
  return index === -1 ? undefined : Number(processes[index]);
}

/** Absent, or of a process that has ended meanwhile or belongs to somebody else. */
async function statOrNothing(path: string): Promise<NamespaceId | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return undefined;
    throw error;
  }
}
