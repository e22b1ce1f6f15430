import type { Instance } from "@dockersnap/contract/words";
import type { StartGate } from "./engine/start-gate.ts";
import type { Specs } from "./instance/specs.ts";
import type { PortForwarding } from "./network/port-forwarding.ts";
import type { Platform } from "./platform.ts";
import type { InstanceRecord } from "./records/records.ts";
import type { Workloads } from "./workload/workloads.ts";

/** What every verb on an instance works with. */
export interface Context {
  readonly platform: Platform;
  readonly specs: Specs;
  readonly ports: PortForwarding;
  readonly workloads: Workloads;
  /** Through which every engine starts. */
  readonly starts: StartGate;
  /** The instance as a client gets it in an answer. */
  readonly describe: (record: InstanceRecord) => Promise<Instance>;
}
