import { contractVersion, type OperationStatus, type PluginInput } from "@dockersnap/contract/words";
import type {
  InstanceRecord,
  OperationRecord,
  PortReservation,
  RevertRecord,
  ScheduleRecord,
  SnapshotRecord,
} from "../../src/records/records.ts";

/** A moment, so many seconds after the one all samples count from. */
export const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

export function instance(name: string, subnetIndex: number, more: Partial<InstanceRecord> = {}): InstanceRecord {
  return {
    name,
    subnetIndex,
    createdAt: at(subnetIndex),
    phase: "ready",
    desired: "running",
    cloneOf: undefined,
    head: undefined,
    workload: undefined,
    labels: {},
    limits: undefined,
    problem: undefined,
    engineId: "7a9b7a0e-6a53-4bb5-9dd6-0f0c9f6c0b11",
    engineOptions: undefined,
    purpose: undefined,
    ...more,
  };
}

export function snapshot(
  of: string,
  label: string,
  second: number,
  more: Partial<SnapshotRecord> = {},
): SnapshotRecord {
  return {
    instance: of,
    label,
    createdAt: at(second),
    mode: "live",
    tags: {},
    parent: undefined,
    protected: false,
    expiresAt: undefined,
    freezeMs: undefined,
    atomicMs: undefined,
    notCaptured: [],
    verified: undefined,
    ...more,
  };
}

export function revert(of: string, seq: number, more: Partial<RevertRecord> = {}): RevertRecord {
  return {
    instance: of,
    seq,
    at: at(seq),
    from: "tip",
    to: "golden",
    parts: undefined,
    keptAs: `kept-${seq}`,
    redoAs: undefined,
    lost: false,
    ...more,
  };
}

export function schedule(of: string, id: string, more: Partial<ScheduleRecord> = {}): ScheduleRecord {
  return {
    instance: of,
    id,
    action: "snapshot",
    cron: "@daily",
    label: "auto-{time}",
    mode: "live",
    tags: {},
    keep: undefined,
    of: undefined,
    timeoutMs: undefined,
    createdAt: at(1),
    lastRunAt: undefined,
    lastError: undefined,
    ...more,
  };
}

export function operation(
  id: string,
  second: number,
  status: OperationStatus,
  idempotencyKey?: string,
): OperationRecord {
  return {
    id,
    kind: "create",
    instance: "web",
    requested_by: "test",
    status,
    cancellable: false,
    started_at: at(second),
    steps: [{ name: "reserve", status: "done", started_at: at(second) }],
    input: { name: "web", nested: [1, null, "ü"] },
    state: undefined,
    idempotencyKey,
  };
}

export const tcp = (of: string, containerPort: number, hostPort: number): PortReservation => ({
  instance: of,
  protocol: "tcp",
  containerPort,
  hostPort,
});

/** Of an instance `demo` that has nothing yet. */
export function pluginInput(more: Partial<PluginInput> = {}): PluginInput {
  return {
    contract_version: contractVersion,
    command: "deploy",
    instance_name: "demo",
    instance: {
      name: "demo",
      socket: "/run/dockersnap/demo.sock",
      subnet: "10.10.0.0/16",
      data_root: "/data/demo",
      host_veth_ip: "10.10.0.1",
      ns_veth_ip: "10.10.0.2",
      netns_name: "ds-demo",
      metallb_ip: "10.10.10.10",
      created_at: "2026-04-30T10:00:00Z",
      clone_of: "",
    },
    forwarded_ports: [],
    env: {},
    plugin_config: {},
    ...more,
  };
}
