import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { isIP, isIPv4 } from "node:net";
import { dirname, join } from "node:path";
import { hasErrno } from "../process/errno.ts";
import { parseCidr } from "./routes.ts";

/** What an instance's name lookups go by. */
export interface Resolver {
  /** The text of its resolv.conf. */
  readonly text: string;
  /** Where what the instance asks at each of its name servers' addresses is led to. */
  readonly leads: readonly { readonly asked: string; readonly server: string }[];
  /** A name server on the host's loopback that is led to. */
  readonly stub: string | undefined;
  /** Whether no name server can be reached over an IPv4 link. */
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
  "# Written by dockersnap: these addresses lead to the name servers of the host, or to those of docker.dns in its configuration.";

/** The C library asks no more than this many. */
const mostServers = 3;

/**
 * Choose name servers an instance can reach, with the host's search list and options. Containers keep for life what their
 * resolv.conf says when they start, so it never names the servers themselves: it names addresses of the instance's own,
 * and the host leads those to whichever servers it goes by at the moment.
 */
export function chooseResolver({ configured, host, upstream, hostEnd }: Sources): Resolver {
  const own = configured.length > 0 ? configured : nameServers(host);
  // Without any name server the C library asks 127.0.0.1.
  const asked = own.length > 0 ? own : ["127.0.0.1"];
  const local = asked.filter(isLoopback);
  const remote = usable(asked.filter((server) => !isLoopback(server)));
  const behindStub = configured.length > 0 ? [] : usable(nameServers(upstream).filter((server) => !isLoopback(server)));

  if (remote.length > 0) return resolver(remote, host, hostEnd);
  if (local.length > 0 && behindStub.length > 0) return resolver(behindStub, host, hostEnd);
  if (local.length > 0) {
    const stub = local.find(isIPv4) ?? "127.0.0.1";
    return { ...resolver([stub], host, hostEnd), stub };
  }
  return { ...resolver([], host, hostEnd), unreachable: true };
}

const hostFile = "/etc/resolv.conf";
const upstreamFile = "/run/systemd/resolve/resolv.conf";

/** What to watch for changes of the host's name servers: the files, and the folders in which others may take their place. */
export function resolverFiles(): readonly string[] {
  const files = [hostFile, upstreamFile].flatMap((file) => [file, target(file)]);
  return [...new Set(files.flatMap((file) => [file, dirname(file)]))];
}

/** The file itself, where a link leads to it. */
function target(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return file;
    throw error;
  }
}

/** Read what the host goes by now. */
export function hostResolver(configured: readonly string[], hostEnd: string): Resolver {
  const host = readIfThere(hostFile);
  const upstream = readIfThere(upstreamFile);
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

/** The text that is there; empty where there is none. */
export function readResolver(path: string): string {
  return readIfThere(path);
}

export function resolvConfIn(folder: string): string {
  return join(folder, "resolv.conf");
}

function resolver(servers: readonly string[], host: string, hostEnd: string): Resolver {
  const kept = lines(host).filter((line) => /^(search|domain|options|sortlist)\s/.test(line));
  const chosen = servers.slice(0, mostServers);
  const asked = standIns(hostEnd);
  const named = asked.slice(0, Math.max(1, chosen.length));
  const text = [heading, ...named.map((address) => `nameserver ${address}`), ...kept, ""].join("\n");
  // A container that started while there were more servers goes on asking at all of their addresses.
  const leads = asked.flatMap((address, index) => {
    const server = chosen[index] ?? chosen.at(-1);
    return server === undefined ? [] : [{ asked: address, server }];
  });
  return { text, leads, stub: undefined, unreachable: false };
}

/** The host's end of the link, and addresses behind it that are nobody's: what is sent there is led on before it is routed. */
function standIns(hostEnd: string): readonly string[] {
  const { network } = parseCidr(`${hostEnd}/32`);
  const spare = [network + 3, network + 4];
  return [
    hostEnd,
    ...spare.map((value) => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".")),
  ];
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
