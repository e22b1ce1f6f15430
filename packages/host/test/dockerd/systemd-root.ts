import { existsSync, watch } from "node:fs";
import { join } from "node:path";
import { type Layout, PrivateRoot } from "./private-root.ts";

/** As little as there can be for transient units, and one that tells when systemd is up. */
const boot = `set -e
mkdir -p /run/systemd/system
cd /run/systemd/system
for target in sysinit basic shutdown; do printf '[Unit]\\nDefaultDependencies=no\\n' >$target.target; done
printf '[Unit]\\nDefaultDependencies=no\\nWants=up.service\\n' >default.target
printf '[Unit]\\nDefaultDependencies=no\\n[Service]\\nType=oneshot\\nExecStart=/usr/bin/touch %s/up\\n' "$1" >up.service
cd /
echo booting
exec env -i container=private PATH="$PATH" /lib/systemd/systemd --system --log-target=null`;

const bootDeadlineMs = 20_000;

/** A private root whose first process is systemd. */
export async function startSystemd(layout: Layout): Promise<PrivateRoot> {
  const root = await PrivateRoot.start(layout, (dir) => ["sh", "-c", boot, "sh", dir]);
  try {
    await untilPresent(join(root.dir, "up"), root.dir);
    return root;
  } catch (error) {
    await root[Symbol.asyncDispose]();
    throw error;
  }
}

async function untilPresent(file: string, folder: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const look = () => {
    if (existsSync(file)) resolve();
  };
  const watcher = watch(folder, look);
  const deadline = setTimeout(() => reject(new Error("systemd did not come up in time.")), bootDeadlineMs);
  look();
  try {
    await promise;
  } finally {
    clearTimeout(deadline);
    watcher.close();
  }
}
