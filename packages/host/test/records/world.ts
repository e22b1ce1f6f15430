import type { InstanceRecord } from "@dockersnap/core";

export function instance(name: string, subnetIndex: number, more: Partial<InstanceRecord> = {}): InstanceRecord {
  return {
    name,
    subnetIndex,
    createdAt: new Date(Date.UTC(2026, 0, 1, 0, 0, subnetIndex)).toISOString(),
    phase: "ready",
    desired: "running",
    cloneOf: undefined,
    head: undefined,
    workload: undefined,
    labels: {},
    limits: undefined,
    problem: undefined,
    purpose: undefined,
    ...more,
  };
}
