import { DockersnapError, type Instance } from "@dockersnap/contract/words";
import type { StartGate } from "../engine/start-gate.ts";
import type { PortForwarding } from "../network/port-forwarding.ts";
import type { Platform } from "../platform/platform.ts";
import type { InstanceRecord } from "../platform/records.ts";
import { poolRoom } from "../storage/pool-room.ts";
import type { Workloads } from "../workload/workloads.ts";
import type { Specs } from "./specs.ts";

/** What every verb on an instance works with. */
export interface Lifecycle {
  readonly platform: Platform;
  readonly specs: Specs;
  readonly ports: PortForwarding;
  readonly workloads: Workloads;
  /** Through which every engine starts. */
  readonly starts: StartGate;
  /** The instance as a client gets it in an answer. */
  readonly describe: (record: InstanceRecord) => Promise<Instance>;
}

/** `no_space` before anything is done, where the pool has no more than its reserve. */
export async function requireRoom({ platform }: Pick<Lifecycle, "platform">, act: string): Promise<void> {
  const room = poolRoom(await platform.storage.capacity(), platform.settings.pool);
  if (room.state !== "full") return;
  const { free_bytes: free, total_bytes: total, reserve_bytes: reserve } = room;
  const mib = (bytes: number) => `${Math.floor(bytes / 1024 / 1024)} MiB`;
  throw new DockersnapError(
    "no_space",
    `The pool has ${mib(free)} of ${mib(total)} left, too little to ${act}: ${mib(reserve)} are kept back. Delete snapshots or instances, or make the pool larger with 'dockersnap pool grow'.`,
    { details: { free, total, reserve } },
  );
}
