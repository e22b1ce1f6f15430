import type { InstanceAddresses } from "./addresses.ts";

export interface NetworkSpec {
  readonly name: string;
  readonly addresses: InstanceAddresses;
}

/** A port of the daemon's host. */
export interface HeldPort {
  readonly hostPort: number;
  readonly protocol: "tcp" | "udp";
  /** On the host's loopback alone. */
  readonly loopback: boolean;
  /**
   * On the host's `::1` in place of its IPv4 addresses: connections are relayed to this TCP port of the namespace's `::1`, from
   * the moment the port is held.
   */
  readonly relayTo?: number;
}

/** One port of the daemon's host that leads into an instance's namespace. */
export interface Forward extends HeldPort {
  /** Dialled inside the namespace. */
  readonly targetPort: number;
  /**
   * Published on the namespace's loopback only: it is led there, and from the host's loopback alone.
   */
  readonly loopback: boolean;
}

/**
 * What of the host's network the daemon set up: `table` its nftables table, `filter` its accepts in the host's packet filter,
 * `link` an instance's device with its addresses and routes, `namespace` the name of an instance's namespace, `settings` of the
 * kernel, `resolver` an instance's resolv.conf, `port` a port of the host that is held for an instance.
 */
export type NetworkPart = "table" | "filter" | "link" | "namespace" | "settings" | "resolver" | "port";

/** Something that is not as it must be. */
export interface NetworkFault {
  readonly what: NetworkPart;
  /** Whose it is, where it is one instance's. */
  readonly instance?: string;
  /** A sentence. */
  readonly message: string;
}

export interface NetworkReport {
  readonly faults: readonly NetworkFault[];
  /** What could not be looked at, and why: nothing is known of it. */
  readonly unknown: readonly string[];
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

  /**
   * Make these, and only these, the instance's forwards, in one atomic change. Connections through ports that stay go on. A
   * port that another instance or another program of the host has is `already_exists`.
   */
  setForwards(spec: NetworkSpec, forwards: readonly Forward[]): Promise<void>;

  /** Whether a listener or another forward already has this port of the host. */
  hostPortTaken(port: number, protocol: "tcp" | "udp"): Promise<boolean>;

  /**
   * Have this port of the host for the instance, so that no other program of the host can take it any more; false when one
   * has it. The daemon holds it for as long as it runs; what `setForwards` does not name is given back.
   */
  hold(instance: string, port: HeldPort): Promise<boolean>;

  /**
   * From now on notice what others change of all this, and put it right. `restored` is called for each part that was.
   */
  keep(restored: (what: NetworkPart) => void): void;

  /** What is not as it must be at the moment. Looks itself at what nothing would have told of. */
  report(): Promise<NetworkReport>;

  /** The same of the networks of these instances, for a process that set up none of them. Changes nothing. */
  inspect(specs: readonly NetworkSpec[]): Promise<NetworkReport>;

  /** Stop watching, and give up the ports that are held. Forwards go on. */
  close(): Promise<void>;

  /** Names of instances of which any namespace, veth or forward is left on this host. */
  list(): Promise<readonly string[]>;
}
