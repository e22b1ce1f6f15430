import { stat } from "node:fs/promises";
import { dirname } from "node:path";

const writableByOthers = 0o022;
const sticky = 0o1000;

/**
 * Why a plugin may not be trusted to run as the daemon, or undefined. Looks at the file and at every folder through which
 * it could be exchanged: from `root` down for what lies inside, from the top for what a link leads to elsewhere.
 */
export async function whyUntrusted(file: string, root: string): Promise<string | undefined> {
  const isInside = file.startsWith(`${root}/`);
  const problem = await objection(file, false);
  if (problem !== undefined) return problem;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    // In a sticky folder such as /tmp nobody can exchange what is another's.
    const found = await objection(folder, !isInside);
    if (found !== undefined) return found;
    if (folder === (isInside ? root : "/")) return undefined;
  }
}

async function objection(path: string, stickyServes: boolean): Promise<string | undefined> {
  const { uid, mode } = await stat(path);
  if (uid !== 0 && uid !== process.getuid?.()) {
    return `${path} belongs to user ${uid}: it must belong to root. 'chown root ${path}' makes it so.`;
  }
  if ((mode & writableByOthers) === 0 || (stickyServes && (mode & sticky) !== 0)) return undefined;
  return `${path} can be changed by others than its owner (mode ${(mode & 0o7777).toString(8)}). 'chmod go-w ${path}' closes it.`;
}
