import { isIPv4 } from "node:net";
import { DockersnapError } from "@dockersnap/contract/words";

/** Sets and maps of the host's table; every element in them belongs to one instance. */
export const setTypes = {
  /** Host port to where it leads. */
  ports: "map ports { type inet_proto . inet_service : ipv4_addr . inet_service; }",
  /** The same for what an instance publishes on its own loopback: only clients on this host get there. */
  localports: "map localports { type inet_proto . inet_service : ipv4_addr . inet_service; }",
  /** The host's ends of the links. */
  links: "set links { type ifname; }",
  /** Name servers on the host's loopback, by the link and address they are asked at. */
  dns: "map dns { type ifname . ipv4_addr : ipv4_addr; }",
} as const;

/** Before Docker's and anybody else's nat chains, so that a host port leads where the daemon says. */
const natPriority = -110;

const chains: Readonly<Record<string, string>> = {
  guard: "type filter hook prerouting priority -300",
  prerouting: `type nat hook prerouting priority ${natPriority}`,
  output: `type nat hook output priority ${natPriority}`,
  input: "type nat hook input priority 90",
  forward: "type filter hook forward priority 0",
  postrouting: "type nat hook postrouting priority 90",
};

const toPort = "dnat ip to meta l4proto . th dport map @ports";
const toLocalPort = "dnat ip to meta l4proto . th dport map @localports";

/**
 * The host's table as one atomic change: chains are filled anew, sets and their elements stay as they are.
 * `proxyBind` is the address forwarded ports answer at; anything but an IPv4 address is `invalid_request`.
 */
export function ruleset(table: string, proxyBind: string): string {
  const bound = portRules(proxyBind);
  const rules: readonly (readonly [chain: string, rule: string])[] = [
    // route_localnet would let a container reach what listens on the host's loopback.
    ["guard", "iifname @links ip daddr 127.0.0.0/8 counter drop"],
    // A source must be one the host would answer through the same link.
    ["guard", "iifname @links fib saddr . iif oif missing counter drop"],
    ["prerouting", "meta l4proto { tcp, udp } th dport 53 dnat ip to iifname . ip daddr map @dns"],
    ...bound.prerouting.map((match) => ["prerouting", `${match} ${toPort}`] as const),
    ["output", `ip daddr ${loopbackOf(proxyBind)} ${toLocalPort}`],
    ["output", `${bound.output} ${toPort}`],
    // A name server on the loopback answers clients of the loopback only.
    ["input", "iifname @links ip daddr 127.0.0.0/8 snat ip to 127.0.0.1"],
    // Into an instance leads a forwarded port and nothing else, neither from its siblings nor from the host's network.
    ["forward", "oifname @links ct state established,related accept"],
    ["forward", "oifname @links ct status dnat accept"],
    ["forward", "oifname @links counter drop"],
    // Also between two links, or an instance that calls its own forwarded port would see itself as the client.
    ["postrouting", "iifname @links masquerade"],
    ["postrouting", "oifname @links ip saddr 127.0.0.0/8 masquerade"],
  ];
  return [
    `add table ip ${table}`,
    ...Object.values(setTypes).map((type) => `add ${type.replace(" ", ` ip ${table} `)}`),
    ...Object.entries(chains).map(([chain, type]) => `add chain ip ${table} ${chain} { ${type}; policy accept; }`),
    ...Object.keys(chains).map((chain) => `flush chain ip ${table} ${chain}`),
    ...rules.map(([chain, rule]) => `add rule ip ${table} ${chain} ${rule}`),
    "",
  ].join("\n");
}

/** The address of the host's loopback at which it has what instances publish on theirs. */
export function loopbackOf(proxyBind: string): string {
  return proxyBind.startsWith("127.") ? proxyBind : "127.0.0.1";
}

/** Which packets a forwarded port takes. `fib … local` spares what merely passes through to another host. */
function portRules(proxyBind: string): { prerouting: readonly string[]; output: string } {
  if (!isIPv4(proxyBind)) {
    throw new DockersnapError(
      "invalid_request",
      `Ports cannot be forwarded from ${JSON.stringify(proxyBind)}. Set api.proxy_bind to an IPv4 address of this host, or to 0.0.0.0 for all of them.`,
    );
  }
  if (proxyBind === "0.0.0.0") {
    return { prerouting: ["ip daddr != 127.0.0.0/8 fib daddr type local"], output: "fib daddr type local" };
  }
  // Translated before the kernel would refuse it, a packet from the network addressed to 127.0.0.1 would get in.
  if (proxyBind.startsWith("127.")) return { prerouting: [], output: `ip daddr ${proxyBind}` };
  const match = `ip daddr ${proxyBind} fib daddr type local`;
  return { prerouting: [match], output: match };
}
