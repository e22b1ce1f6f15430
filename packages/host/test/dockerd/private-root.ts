import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EngineCgroup, readHierarchies } from "../../src/dockerd/cgroups/index.ts";
import { inCgroup } from "../../src/dockerd/sandbox.ts";

const checkout = fileURLToPath(new URL("../../../../", import.meta.url));

/** Which control group hierarchies the private host has. */
export type Layout = "legacy" | "hybrid" | "unified";

/**
 * Makes a root that nothing can do damage from: the machine's own file system and kernel settings are read-only in it,
 * /tmp, /run and /etc/docker are its own, and no unit, generator or tmpfiles rule of the machine exists there. Only
 * `$1` stays writable, and the checkout `$3` readable, wherever it lies. Then becomes the command after that.
 */
const fence = `set -e
dir=$1; layout=$2; checkout=$3; shift 3
mount --make-rprivate /
# Copies of other pools and namespaces would keep them busy.
umount -a -t btrfs,nsfs
mount --bind "$dir" "$dir"
mount -t tmpfs tmpfs /mnt
mkdir /mnt/keep /mnt/checkout
mount --bind "$dir" /mnt/keep
mount --bind "$checkout" /mnt/checkout
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
mkdir -p "$checkout" "$dir"
mount --bind /mnt/checkout "$checkout"
mount -o remount,bind,ro "$checkout"
mount --bind /mnt/keep "$dir"
umount /mnt/checkout
umount /mnt/keep
umount /mnt
for private in /etc/docker /etc/systemd /usr/lib/systemd/system /usr/lib/systemd/system-generators /usr/lib/tmpfiles.d /usr/lib/sysctl.d /usr/lib/modules-load.d; do
  [ ! -d "$private" ] || mount -t tmpfs tmpfs "$private"
done
umount -R /sys/fs/cgroup
if [ "$layout" = unified ]; then
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
else
  mount -t tmpfs tmpfs /sys/fs/cgroup
  for controller in blkio cpu cpuacct cpuset devices freezer memory pids; do
    mkdir "/sys/fs/cgroup/$controller"
    mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller"
  done
  mkdir /sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
  if [ "$layout" = hybrid ]; then
    mkdir /sys/fs/cgroup/unified
    mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
  fi
fi
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount -o remount,bind,ro /
for path in /etc /usr /var /root /home /proc/sys/fs/file-max; do
  if [ -w "$path" ]; then echo "$path is writable behind the fence" >&2; exit 1; fi
done
exec "$@"`;

/** Namespaces with a root of their own, and the control groups they live in; all of it ends with its first process. */
export class PrivateRoot implements AsyncDisposable {
  readonly dir: string;
  readonly pid: number;
  readonly #group: EngineCgroup;
  readonly #parent: ChildProcess;

  private constructor(dir: string, group: EngineCgroup, parent: ChildProcess, pid: number) {
    this.dir = dir;
    this.#group = group;
    this.#parent = parent;
    this.pid = pid;
  }

  /** Run `command` as the first process behind the fence, and wait for the first line it writes. */
  static async start(layout: Layout, command: (dir: string) => readonly string[]): Promise<PrivateRoot> {
    const dir = await mkdtemp(join(tmpdir(), "dst-root-"));
    const group = new EngineCgroup(readHierarchies(), `/dst-root-${randomBytes(3).toString("hex")}`);
    await group.create();
    const unshare = ["--pid", "--mount", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child", "--mount-proc"];
    const [program, ...args] = inCgroup(group.entrances, [
      "unshare",
      ...unshare,
      ...["sh", "-c", fence, "sh", dir, layout, checkout, ...command(dir)],
    ]);
    const parent = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    parent.stderr.setEncoding("utf8").on("data", (words: string) => {
      said += words;
    });
    const exited = once(parent, "exit").then(([code]) => {
      throw new Error(`The private root ended with ${code} before it was up: ${said}`);
    });
    await Promise.race([once(parent.stdout, "data"), exited]);
    exited.catch(() => {});
    parent.stdout.resume();
    const pid = Number(readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, "utf8").trim());
    return new PrivateRoot(dir, group, parent, pid);
  }

  /** The command, run behind the fence. */
  inside(command: readonly string[]): readonly string[] {
    return ["nsenter", "--target", String(this.pid), "--mount", "--pid", "--cgroup", "--ipc", "--uts", ...command];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#parent, "exit");
    process.kill(this.pid, "SIGKILL");
    await exited;
    await this.#group.kill();
    await this.#group.untilEmpty(AbortSignal.timeout(10_000));
    await this.#group.remove(AbortSignal.timeout(10_000));
    await rm(this.dir, { recursive: true });
  }
}
