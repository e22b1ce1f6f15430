import type { Clock } from "./base/clock.ts";
import type { EventSink } from "./base/events.ts";
import type { Log } from "./base/log.ts";
import type { ContainerFiles, DataRootReader } from "./content/data-root.ts";
import type { TreeComparer } from "./content/trees.ts";
import type { EngineHost } from "./engine/engine.ts";
import type { AddressRange } from "./network/addresses.ts";
import type { Network } from "./network/network.ts";
import type { Records } from "./records/records.ts";
import type { StorageDriver } from "./storage/driver.ts";
import type { PoolLimits } from "./storage/pool-room.ts";
import type { PluginHost } from "./workload/plugins.ts";

/** What the operator chose, as far as the core acts by it. */
export interface Settings {
  readonly range: AddressRange;
  /** Where forwarded ports listen on the host; a wildcard or an address. */
  readonly proxyBind: string;
  /** The address clients are told, where it is not the one they came by. */
  readonly advertiseHost: string | undefined;
  /** Proxy variables handed to plugins, upper- and lower-case. */
  readonly proxyEnv: Readonly<Record<string, string>>;
  /** How long what a revert replaced is kept, in milliseconds. */
  readonly autoKeepMs: number;
  readonly pool: PoolLimits;
  /** How long an instance has to stay well, without a container that is started again, before a snapshot counts as restorable. */
  readonly verifyWatchMs: number;
  /** Of the clones that wait, over all snapshots: how many, and how many bytes of memory they hold. */
  readonly standby: { readonly maxCount: number; readonly maxMemory: number };
}

/** Everything outside the core, each behind its interface. */
export interface Platform {
  readonly records: Records;
  readonly storage: StorageDriver;
  readonly dataRoots: DataRootReader;
  readonly containerFiles: ContainerFiles;
  readonly trees: TreeComparer;
  readonly engines: EngineHost;
  readonly network: Network;
  readonly plugins: PluginHost;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventSink;
  readonly settings: Settings;
  /** Whether a file exists on this host, for configuration options that name one. */
  readonly fileExists: (path: string) => boolean;
  /** A UUID for the engine of a new instance. */
  readonly newEngineId: () => string;
}
