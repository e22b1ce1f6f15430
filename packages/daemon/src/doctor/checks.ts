import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { lowWatchLimits, usedUpWatchLimit } from "@dockersnap/host";
import type { Config } from "../config/config.ts";

/** One thing looked at. `advice` is there exactly where something is wrong, `hint` where it may be. */
export interface Finding {
  readonly subject: string;
  readonly seen: string;
  readonly advice?: string;
  readonly hint?: string;
}

const programs = [
  { name: "docker-init", package: "docker.io" },
  { name: "mkfs.btrfs", package: "btrfs-progs" },
  { name: "btrfs", package: "btrfs-progs" },
  { name: "perl", package: "perl-base" },
  { name: "losetup", package: "mount" },
  { name: "nft", package: "nftables" },
  { name: "iptables", package: "iptables" },
  { name: "ip", package: "iproute2" },
  { name: "tc", package: "iproute2" },
  { name: "setpriv", package: "util-linux" },
  { name: "nsenter", package: "util-linux" },
  { name: "unshare", package: "util-linux" },
] as const;

/** What the machine has to offer before any daemon runs on it. */
export function checkMachine(config: Config): readonly Finding[] {
  return [
    checkRoot(),
    ...["btrfs", "overlay"].map(checkFilesystem),
    checkLoop(config),
    checkCgroups(),
    checkWatchLimits(),
    ...checkPrograms(config),
  ];
}

function checkRoot(): Finding {
  const isRoot = process.getuid?.() === 0;
  return isRoot
    ? { subject: "root", seen: "yes" }
    : { subject: "root", seen: "no", advice: "Run it as root: namespaces, mounts and devices need it." };
}

function checkFilesystem(name: string): Finding {
  const known = readFileSync("/proc/filesystems", "utf8")
    .split("\n")
    .some((line) => line.trim().split(/\s+/).at(-1) === name);
  return known
    ? { subject: `kernel: ${name}`, seen: "there" }
    : {
        subject: `kernel: ${name}`,
        seen: "not there",
        advice: `Load it with 'modprobe ${name}', or run a kernel that has it.`,
      };
}

function checkLoop(config: Config): Finding {
  const subject = "kernel: loop devices";
  if (config.btrfs.path !== undefined) return { subject, seen: "not needed: btrfs.path is set" };
  return existsSync("/dev/loop-control")
    ? { subject, seen: "there" }
    : { subject, seen: "not there", advice: "Load them with 'modprobe loop', or set btrfs.path to a folder on btrfs." };
}

function checkCgroups(): Finding {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const types = new Set(mounts.map((line) => line.split(" - ")[1]?.split(" ")[0]));
  const subject = "cgroups";
  if (types.has("cgroup") && types.has("cgroup2")) return { subject, seen: "hybrid: v1 controllers beside v2" };
  if (types.has("cgroup2")) return { subject, seen: "v2" };
  if (types.has("cgroup")) return { subject, seen: "v1" };
  return { subject, seen: "not mounted", advice: "Mount them at /sys/fs/cgroup; dockerd cannot run without." };
}

/** Engines are watched another way where these are used up; programs in their containers may not be so lucky. */
function checkWatchLimits(): Finding {
  const subject = "kernel: file watches";
  const usedUp = usedUpWatchLimit();
  if (usedUp !== undefined) {
    return {
      subject,
      seen: `all that ${usedUp.key} allows are in use, ${usedUp.value}`,
      advice: `Programs in containers fail with "too many open files" or "no space left on device", and the daemon looks at files again and again instead of watching them. Allow more with 'sysctl -w ${usedUp.key}=${usedUp.wanted}'.`,
    };
  }
  const low = lowWatchLimits();
  if (low.length === 0) return { subject, seen: "enough" };
  return {
    subject,
    seen: low.map(({ key, value }) => `${key} is ${value}`).join(", "),
    hint: `Containers share these limits with the whole host and fail with "too many open files" when they are used up: ${low.map(({ key, wanted }) => `'sysctl -w ${key}=${wanted}'`).join(" and ")}. The daemon tries to raise them when it starts.`,
  };
}

function checkPrograms(config: Config): readonly Finding[] {
  const wanted = [{ name: config.docker.binary, package: "docker.io" }, ...programs];
  return wanted.map(({ name, package: from }) => {
    const found = findProgram(name);
    return found === undefined
      ? { subject: `program: ${name}`, seen: "not found", advice: `Install it: 'apt-get install ${from}'.` }
      : { subject: `program: ${name}`, seen: found };
  });
}

function findProgram(name: string): string | undefined {
  const places = isAbsolute(name)
    ? [name]
    : (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name));
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
