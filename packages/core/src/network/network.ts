import type { InstanceAddresses } from "./addresses.ts";

export interface NetworkSpec {
  readonly name: string;
  readonly addresses: InstanceAddresses;
}

/** One port of the daemon's host that leads into an instance's namespace. */
export interface Forward {
  readonly hostPort: number;
  readonly protocol: "tcp" | "udp";
  /** Dialled inside the namespace. */
  readonly targetPort: number;
  /** Published on the namespace's loopback only, so it has to be led there. */
  readonly loopback: boolean;
}

/**
 * Instances' network namespaces, their links to the host, and the host's forwarded ports. Forwarding runs in the
 * kernel and survives the daemon. All methods are safe to call twice.
 */
export interface Network {
  /** Put the host's part in place: forwarding, masquerading, the table of ports. Keeps what earlier daemons forwarded. */
  open(): Promise<void>;

  /** The namespace as a path under /run/netns. Pure. */
  netnsPath(name: string): string;
  /** The resolv.conf written for the instance, or undefined where the host's own serves. Pure after `create`. */
  resolvConf(name: string): string | undefined;

  /** Namespace, veth pair, addresses, routes, DNS. What is there and right stays; what is wrong is made anew. */
  create(spec: NetworkSpec): Promise<void>;

  /**
   * As `create`, with a namespace nobody has used: in one that holds rules and bridges of an engine before it, dockerd first
   * takes those away one by one. Nothing of the instance runs; forwards stay.
   */
  renew(spec: NetworkSpec): Promise<void>;

  /**
   * Give the network of `from` the name in the spec, with its addresses, its forwards and whatever runs in it. What a first
   * call left half done the next one completes.
   */
  rename(from: string, spec: NetworkSpec): Promise<void>;

  /** Take all of it away, forwards included. Absent is already removed. */
  remove(name: string): Promise<void>;

  /** Make these, and only these, the instance's forwards, in one atomic change. Connections through ports that stay go on. */
  setForwards(spec: NetworkSpec, forwards: readonly Forward[]): Promise<void>;

  /** Whether a listener or another forward already has this port of the host. */
  hostPortTaken(port: number, protocol: "tcp" | "udp"): Promise<boolean>;

  /** Names of instances of which any namespace, veth or forward is left on this host. */
  list(): Promise<readonly string[]>;
}
