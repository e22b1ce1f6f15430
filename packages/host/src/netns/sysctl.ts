import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DockersnapError } from "@dockersnap/contract/words";
import { hasErrno } from "../process/errno.ts";

/** Let the host pass packets on between its devices. */
export async function enableForwarding(): Promise<void> {
  await set("ipv4/ip_forward", "1");
}

/** What the host's end of a link needs before anything runs at its other end. */
export async function hardenDevice(device: string): Promise<void> {
  await Promise.all([
    // A client on the host's loopback is answered through the link, to an address of the loopback.
    set(`ipv4/conf/${device}/route_localnet`, "1"),
    set(`ipv4/conf/${device}/accept_redirects`, "0"),
    // Only IPv4 is led in and out. Over IPv6 a container could announce itself as the host's router, and reach
    // services of the host without passing any rule of ours.
    setIfThere(`ipv6/conf/${device}/accept_ra`, "0"),
    setIfThere(`ipv6/conf/${device}/disable_ipv6`, "1"),
  ]);
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
