import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DockersnapError } from "@dockersnap/contract/words";
import { hasErrno } from "../process/errno.ts";

/** Let the host pass packets on between its devices. */
export async function enableForwarding(): Promise<void> {
  await set("ipv4/ip_forward", "1");
}

/** Whether the host passes packets on between its devices. */
export function isForwarding(): boolean {
  return settingNow("ipv4/ip_forward") === "1";
}

const deviceSettings = [
  // A client on the host's loopback is answered through the link, to an address of the loopback.
  ["ipv4", "route_localnet", "1"],
  ["ipv4", "accept_redirects", "0"],
  // Only IPv4 is led in and out. Over IPv6 a container could announce itself as the host's router, and reach
  // services of the host without passing any rule of ours.
  ["ipv6", "accept_ra", "0"],
  ["ipv6", "disable_ipv6", "1"],
] as const;

/** What the host's end of a link needs before anything runs at its other end. */
export async function hardenDevice(device: string): Promise<void> {
  await Promise.all(
    deviceSettings.map(([family, name, value]) => {
      const key = `${family}/conf/${device}/${name}`;
      return family === "ipv6" ? setIfThere(key, value) : set(key, value);
    }),
  );
}

/** Settings of the device that are no longer as `hardenDevice` leaves them. */
export function softened(device: string): readonly string[] {
  return deviceSettings
    .map(([family, name, value]) => ({ key: `${family}/conf/${device}/${name}`, value }))
    .filter(({ key, value }) => {
      const present = settingNow(key);
      return present !== undefined && present !== value;
    })
    .map(({ key }) => key.replaceAll("/", "."));
}

/** Undefined where the kernel has no such setting. */
function settingNow(key: string): string | undefined {
  try {
    return readFileSync(join("/proc/sys/net", key), "utf8").trim();
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function set(key: string, value: string): Promise<void> {
  const path = join("/proc/sys/net", key);
  try {
    if ((await readFile(path, "utf8")).trim() !== value) await writeFile(path, value);
  } catch (error) {
    throw new DockersnapError(
      "internal",
      `The kernel setting ${path} could not be set to ${value}. The daemon needs root and a writable /proc/sys.`,
      { cause: error },
    );
  }
}

/** A kernel started without IPv6 has none of its settings. */
async function setIfThere(key: string, value: string): Promise<void> {
  try {
    await set(key, value);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (hasErrno(cause, "ENOENT")) return;
    throw error;
  }
}
