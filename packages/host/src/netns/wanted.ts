import type { NetworkSpec } from "@dockersnap/core";
import type { NamespaceId } from "./inhabitants.ts";
import type { Resolver } from "./resolver.ts";

/** An instance's network as this daemon set it up. */
export interface WantedNetwork {
  readonly spec: NetworkSpec;
  readonly resolver: Resolver;
  /** To know it by when its name is gone. */
  readonly namespace: NamespaceId | undefined;
}

/** The networks that must be there: those the daemon made, or found right, since it started. */
export class Wanted {
  readonly #networks = new Map<string, WantedNetwork>();

  set(network: WantedNetwork): void {
    this.#networks.set(network.spec.name, network);
  }

  delete(name: string): void {
    this.#networks.delete(name);
  }

  rename(from: string, spec: NetworkSpec): void {
    const known = this.#networks.get(from) ?? this.#networks.get(spec.name);
    this.#networks.delete(from);
    if (known !== undefined) this.set({ ...known, spec });
  }

  all(): readonly WantedNetwork[] {
    return [...this.#networks.values()];
  }
}
