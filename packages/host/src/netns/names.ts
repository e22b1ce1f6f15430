import { createHash } from "node:crypto";
import { join } from "node:path";
import { DockersnapError, instanceNamePattern, nameRules } from "@dockersnap/contract/words";

/** Where `ip netns` keeps namespaces; not a choice of ours. */
export const namespaceDir = "/run/netns";

/** The namespace's end of every link. */
export const insideDevice = "veth0";

/** IFNAMSIZ less its closing zero. */
const longestDevice = 15;

const aliasPrefix = "dockersnap:";

export interface NameOptions {
  /** Default: `/etc/netns`. */
  readonly etcNetnsDir?: string;
  /** Default: `ds-`. */
  readonly namespacePrefix?: string;
  /** At most seven characters. Default: `ve-`. */
  readonly vethPrefix?: string;
}

/** How an instance's network appears on the host. Every name given must be an instance's name, or it is `invalid_request`. */
export class NetworkNames {
  readonly #namespacePrefix: string;
  readonly #vethPrefix: string;
  readonly #etcNetnsDir: string;

  constructor({ namespacePrefix = "ds-", vethPrefix = "ve-", etcNetnsDir = "/etc/netns" }: NameOptions) {
    this.#namespacePrefix = namespacePrefix;
    this.#vethPrefix = vethPrefix;
    this.#etcNetnsDir = etcNetnsDir;
  }

  namespace(name: string): string {
    return `${this.#namespacePrefix}${checked(name)}`;
  }

  netnsPath(name: string): string {
    return join(namespaceDir, this.namespace(name));
  }

  /** The folder `ip netns exec` would take files for /etc from. */
  etcFolder(name: string): string {
    return join(this.#etcNetnsDir, this.namespace(name));
  }

  /** The host's end of the link. A name too long for a device is hashed, so the link's alias is what says whose it is. */
  device(name: string): string {
    const device = `${this.#vethPrefix}${checked(name)}`;
    if (device.length <= longestDevice) return device;
    return `${this.#vethPrefix}${createHash("sha256").update(name).digest("hex").slice(0, 8)}`;
  }

  alias(name: string): string {
    return `${aliasPrefix}${checked(name)}`;
  }

  /** The instance a namespace or its folder belongs to, or undefined when it is not one of ours. */
  ofNamespace(namespace: string): string | undefined {
    if (!namespace.startsWith(this.#namespacePrefix)) return undefined;
    return instanceName(namespace.slice(this.#namespacePrefix.length));
  }

  /** The instance a device belongs to: it must be marked, and called what that instance's device is called. */
  ofDevice(device: string, alias: string): string | undefined {
    if (!alias.startsWith(aliasPrefix)) return undefined;
    const name = instanceName(alias.slice(aliasPrefix.length));
    return name !== undefined && this.device(name) === device ? name : undefined;
  }
}

/** The text if it is an instance's name. */
export function instanceName(text: string): string | undefined {
  return instanceNamePattern.test(text) ? text : undefined;
}

/** Names end up in scripts for nft and ip, so none passes unchecked. */
function checked(name: string): string {
  if (instanceName(name) !== undefined) return name;
  throw new DockersnapError(
    "invalid_request",
    `${JSON.stringify(name)} is not an instance name: it is ${nameRules.instance}.`,
  );
}
