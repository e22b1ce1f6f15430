import { mkdirSync, readFileSync, realpathSync } from "node:fs";
import { DockersnapError } from "@dockersnap/contract/words";
import type { EngineSpec } from "@dockersnap/core";
import { hasErrno } from "../process/errno.ts";
import { identify, type ProcessIdentity } from "../process/identity.ts";
import type { EngineCgroup } from "./cgroups/index.ts";
import { engineScore, sandboxScore, takeScore } from "./oom-scores.ts";
import type { RuntimeFiles } from "./runtime-files.ts";

/**
 * Joins the control groups whose entrances stand before `--`, then becomes the command after it. A process can only be
 * put into its groups before its first instruction by itself: from outside there is always a moment in which it has
 * forked already. The script is fixed; all that varies comes as arguments.
 */
const enterScript = `set -e
${takeScore(engineScore)}
while [ "$1" != -- ]; do echo 0 >"$1"; shift; done; shift; exec "$@"`;

/** Becomes the command after it, which the whole sandbox ends with. */
const spareScript = `${takeScore(sandboxScore)}; exec "$@"`;

/**
 * Runs as the sandbox's first process. Binds the pairs of paths before `--`, each the first over the second; joins the
 * control groups it is given entrances of; says that the sandbox is ready; becomes the init that reaps. Fixed as well.
 *
 * Mounting and joining go side by side: the first process to change its group in a while waits some ten milliseconds
 * for the kernel.
 */
const setUpScript = `set -e
{ while [ "$1" != -- ]; do mount --bind "$1" "$2"; shift 2; done; } & mounts=$!
while [ "$1" != -- ]; do shift; done; shift
for entrance; do echo 0 >"$entrance"; done
wait "$mounts"
if [ -n "\${NOTIFY_SOCKET:-}" ]; then systemd-notify --ready; unset NOTIFY_SOCKET; else echo ready; fi
exec docker-init -- sleep infinity >/dev/null`;

/** containerd's compiled-in place for its shims' sockets, which would stay on the host for good when they are killed. */
const hostShims = "/run/containerd";

/**
 * Every engine's exec-root, as it is seen inside. containerd keeps the paths of running containers' files in the data-root,
 * and the engine of a clone clears away what it finds there from its source: the same path leads each to its own.
 */
export const execRootInside = "/run/docker";

/**
 * Where every engine has its runtime folder and its data-root; it knows no others. dockerd keeps the paths of volumes with
 * the containers and starts none whose path is not there: those of a clone must not lead to its source, which may be gone.
 * What is bound here stays when the folders it came from are renamed outside, and this host has nothing under these paths
 * that one could be mistaken for.
 */
export const fixedInside = { folder: `${execRootInside}/self`, dataRoot: `${execRootInside}/data` };

export type Command = readonly [program: string, ...args: string[]];

/** The command, run inside the control groups behind these entrances. */
export function inCgroup(entrances: readonly string[], command: Command): Command {
  return ["sh", "-c", enterScript, "sh", ...entrances, "--", ...command];
}

/**
 * The file in which dockerd reads, when it starts, which ports it may choose from. Another file is bound over it: were the
 * kernel's own range made that small, connections from inside the instance would run out of ports.
 */
const kernelPortRange = "/proc/sys/net/ipv4/ip_local_port_range";

export type SandboxSpec = Pick<EngineSpec, "netnsPath" | "resolvConf" | "dataRoot">;

/**
 * Makes the command that becomes a sandbox: an init that holds a mount and a pid namespace, is in the network namespace
 * and has joined the control groups behind `entrances`. It says `ready` on standard output, or to systemd, and ends
 * everything inside with itself. Its parent stays in the group it was started in.
 */
export type SandboxCommand = (entrances: readonly string[]) => Command;

export function prepareSandbox(spec: SandboxSpec, files: RuntimeFiles): SandboxCommand {
  for (const place of [hostShims, execRootInside]) mkdirSync(place, { recursive: true, mode: 0o711 });
  const binds = [
    [files.shims, hostShims],
    [files.execRoot, execRootInside],
    ...(spec.resolvConf === undefined ? [] : [[spec.resolvConf, resolvConfTarget()]]),
    [files.folder, fixedInside.folder],
    [spec.dataRoot, fixedInside.dataRoot],
    [files.chosenPorts, kernelPortRange],
  ];
  return (entrances) => [
    "sh",
    ...["-c", spareScript, "sh"],
    "nsenter",
    `--net=${spec.netnsPath}`,
    "unshare",
    "--mount",
    // Mounts the host makes later (the pool) are seen inside; none made inside gets out.
    ...["--propagation", "slave"],
    ...["--pid", "--fork", "--kill-child", "--mount-proc"],
    ...["sh", "-c", setUpScript, "sh", ...binds.flat(), "--", ...entrances],
  ];
}

/** The command, run in the sandbox's namespaces. */
export function inSandbox(init: ProcessIdentity, command: Command): Command {
  return ["nsenter", "--target", String(init.pid), "--net", "--mount", "--pid", ...command];
}

/** The init of the sandbox in this group, by the host's pid. */
export function findInit(group: EngineCgroup): ProcessIdentity | undefined {
  return findByInnerPid(group, 1);
}

/** The process in the engine's part of the group that its own pid namespace knows by this number. */
export function findByInnerPid(group: EngineCgroup, innerPid: number): ProcessIdentity | undefined {
  for (const pid of group.enginePids()) {
    const numbers = namespacePids(pid);
    // Processes on the host's side (unshare, nsenter) have the one number only.
    if (numbers.length > ownDepth() && numbers.at(-1) === innerPid) return identify(pid);
  }
  return undefined;
}

/** A bind mount does not follow links, and where one leads (systemd-resolved, NetworkManager) is read inside too. */
function resolvConfTarget(): string {
  try {
    return realpathSync("/etc/resolv.conf");
  } catch (error) {
    throw new DockersnapError(
      "not_ready",
      "/etc/resolv.conf of this host is missing or a link that leads nowhere, so no instance can have its own. Create the file, empty if need be.",
      { cause: error },
    );
  }
}

let depth: number | undefined;

/** In how many pid namespaces this process itself is. */
function ownDepth(): number {
  depth ??= namespacePids("self").length;
  return depth;
}

/** The process's pids from the host's namespace inwards; none when it is gone. */
function namespacePids(pid: number | "self"): readonly number[] {
  try {
    const line = readFileSync(`/proc/${pid}/status`, "utf8").match(/^NSpid:\s*(.*)$/m);
    return line?.[1]?.split(/\s+/).map(Number) ?? [];
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ESRCH")) return [];
    throw error;
  }
}
