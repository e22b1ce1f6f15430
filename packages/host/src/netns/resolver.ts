import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { isIP, isIPv4 } from "node:net";
import { dirname, join } from "node:path";
import { hasErrno } from "../process/errno.ts";

/** What an instance's name lookups go by. */
export interface Resolver {
  /** The text of its resolv.conf. */
  readonly text: string;
  /** A name server on the host's loopback that has to be led to, when `text` names the host's end of the link instead. */
  readonly stub: string | undefined;
  /** Whether no name server in `text` can be reached over an IPv4 link. */
  readonly unreachable: boolean;
}

interface Sources {
  /** From the daemon's configuration; when any is given, the host's own name servers do not count. */
  readonly configured: readonly string[];
  /** The host's /etc/resolv.conf; empty where there is none. */
  readonly host: string;
  /** What a local stub asks in turn, in the same form, where the host tells. */
  readonly upstream: string;
  /** The host's end of the instance's link. */
  readonly hostEnd: string;
}

const heading =
  "# Written by dockersnap when the instance starts; docker.dns in its configuration names other servers.";

/** Choose name servers an instance can reach, with the host's search list and options. */
export function chooseResolver({ configured, host, upstream, hostEnd }: Sources): Resolver {
  const own = configured.length > 0 ? configured : nameServers(host);
  // Without any name server the C library asks 127.0.0.1.
  const asked = own.length > 0 ? own : ["127.0.0.1"];
  const local = asked.filter(isLoopback);
  const remote = usable(asked.filter((server) => !isLoopback(server)));
  const behindStub = configured.length > 0 ? [] : usable(nameServers(upstream).filter((server) => !isLoopback(server)));

  if (remote.length > 0) return resolver(remote, host);
  if (local.length > 0 && behindStub.length > 0) return resolver(behindStub, host);
  if (local.length > 0) return { ...resolver([hostEnd], host), stub: local.find(isIPv4) ?? "127.0.0.1" };
  return { ...resolver(asked, host), unreachable: true };
}

/** Read what the host goes by now. */
export function hostResolver(configured: readonly string[], hostEnd: string): Resolver {
  const host = readIfThere("/etc/resolv.conf");
  const upstream = readIfThere("/run/systemd/resolve/resolv.conf");
  return chooseResolver({ configured, host, upstream, hostEnd });
}

/**
 * Written into the file that is there, not renamed over it: a running sandbox has that very file bound over its own
 * /etc/resolv.conf and would keep seeing the old one.
 */
export function writeResolver(path: string, text: string): void {
  if (readIfThere(path) === text) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

export function resolvConfIn(folder: string): string {
  return join(folder, "resolv.conf");
}

function resolver(servers: readonly string[], host: string): Resolver {
  const kept = lines(host).filter((line) => /^(search|domain|options|sortlist)\s/.test(line));
  const text = [heading, ...servers.map((server) => `nameserver ${server}`), ...kept, ""].join("\n");
  return { text, stub: undefined, unreachable: false };
}

function nameServers(text: string): readonly string[] {
  return lines(text)
    .map((line) => /^nameserver\s+(\S+)/.exec(line)?.[1])
    .filter((server) => server !== undefined && isIP(server.split("%")[0] ?? "") !== 0)
    .map(String);
}

function lines(text: string): readonly string[] {
  return text.split("\n").map((line) => line.trim());
}

/** 0.0.0.0 and :: mean this host, to the C library as to the kernel. */
function isLoopback(server: string): boolean {
  return server.startsWith("127.") || server === "0.0.0.0" || server === "::1" || server === "::";
}

function usable(servers: readonly string[]): readonly string[] {
  return servers.filter((server) => isIPv4(server));
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return "";
    throw error;
  }
}
