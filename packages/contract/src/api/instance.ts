import * as z from "zod";
import { mostTags } from "../names.ts";
import { Timestamp } from "../time.ts";
import { InstanceName, PluginName, SnapshotLabel, TagChanges, Tags } from "./names.ts";
import { atLeastOneField, upToEntries } from "./rules.ts";
import { VerificationSummary } from "./verification.ts";

export const InstanceStatus = z.enum(["running", "stopped", "error"]);
export type InstanceStatus = z.infer<typeof InstanceStatus>;

/**
 * `degraded` as soon as a check fails, `unhealthy` once it failed as often in a row as the threshold says. Without a workload
 * Docker's own health checks decide; `none` where there are none, `unknown` until the first answer.
 */
export const InstanceHealth = z.enum(["healthy", "degraded", "unhealthy", "unknown", "none"]);
export type InstanceHealth = z.infer<typeof InstanceHealth>;

const MiB = 1024 * 1024;

const bounds = {
  /** Bytes its processes may hold, swapped out or not. An engine and its first containers come up with the least that is allowed. */
  memory: z
    .int()
    .min(192 * MiB, { error: "expected at least 201326592 (192 MiB, what a Docker engine needs), in bytes" }),
  /** Processors, as a number such as 1.5. The kernel shares them out in hundredths. */
  cpus: z.number().min(0.01, { error: "expected a number of CPUs, at least 0.01, such as 1.5" }).max(1024),
  /** Processes and threads. */
  pids: z.int().min(128, { error: "expected at least 128 processes, what a Docker engine needs" }).max(4_194_304),
  /** Bytes it may write on top of what it began with, and that it or its snapshots still hold. */
  disk: z.int().min(64 * MiB, { error: "expected at least 67108864 (64 MiB), in bytes" }),
};

const LimitsRequest = z.object(bounds).partial();

/**
 * Bounds on one instance: on all that runs in it, its Docker engine included, and on what it writes. An older daemon allowed
 * smaller ones than can be asked for now.
 */
export const Limits = z
  .object({ memory: z.int().min(1), cpus: z.number().positive(), pids: z.int().min(1), disk: z.int().min(1) })
  .partial();
export type Limits = z.infer<typeof Limits>;

/**
 * Why the daemon made an instance that nobody asked for by name: `verify` tries a snapshot out and goes again, `standby`
 * waits to be handed out.
 */
export const InstancePurpose = z.enum(["verify", "standby"]);
export type InstancePurpose = z.infer<typeof InstancePurpose>;

/** Bounds to set; `null` takes one away, and whatever is left out stays. */
export const LimitsChange = z
  .object({
    memory: bounds.memory.nullable(),
    cpus: bounds.cpus.nullable(),
    pids: bounds.pids.nullable(),
    disk: bounds.disk.nullable(),
  })
  .partial();
export type LimitsChange = z.infer<typeof LimitsChange>;

/** Options of a Docker engine, as `daemon.json` has them. dockersnap keeps some for itself; dockerd judges the others. */
export const EngineOptions = upToEntries(
  mostTags,
  z.record(
    z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,63}$/, { error: "expected the name of an option of dockerd, such as live-restore" }),
    z.unknown(),
  ),
);
export type EngineOptions = z.infer<typeof EngineOptions>;

/** What to change of an instance; whatever is left out stays. */
export const InstanceChange = atLeastOneField(
  z.object({
    limits: LimitsChange.optional(),
    /** Merged into those there are; `null` takes one away. */
    labels: TagChanges.optional(),
  }),
);
export type InstanceChange = z.infer<typeof InstanceChange>;

/** What an instance takes now, beside its limits. The first three only while its engine runs. */
export const InstanceUse = z.object({
  /** Bytes of memory, without what the kernel keeps of files and can drop at once. */
  memory_bytes: z.number().optional(),
  /** Seconds of processor time since its engine came up. */
  cpu_seconds: z.number().optional(),
  /** Processes and threads. */
  pids: z.int().optional(),
  /** What `limits.disk` bounds; only where the pool keeps account of it. */
  disk_bytes: z.number().optional(),
});
export type InstanceUse = z.infer<typeof InstanceUse>;

export const WorkloadRequest = z.object({
  plugin: PluginName,
  config: z.record(z.string(), z.unknown()).optional(),
});
export type WorkloadRequest = z.infer<typeof WorkloadRequest>;

export const CreateInstanceRequest = z.object({
  name: InstanceName,
  workload_inline: WorkloadRequest.optional(),
  limits: LimitsRequest.optional(),
  labels: Tags.optional(),
  engine: EngineOptions.optional(),
});
export type CreateInstanceRequest = z.infer<typeof CreateInstanceRequest>;

export const CloneRequest = z.object({
  label: SnapshotLabel,
  new_name: InstanceName,
  /** Changes to the source's limits, which the clone has otherwise. */
  limits: LimitsChange.optional(),
});
export type CloneRequest = z.infer<typeof CloneRequest>;

/** A snapshot as an instance lists it. */
export const InstanceSnapshot = z.object({
  label: z.string(),
  created_at: Timestamp,
  tags: z.record(z.string(), z.string()).optional(),
  verified: VerificationSummary.optional(),
});

export const Instance = z.object({
  name: z.string(),
  dataset: z.string(),
  subnet: z.string(),
  subnet_index: z.int(),
  metallb_ip: z.string(),
  socket: z.string(),
  pid_file: z.string(),
  created_at: Timestamp,
  status: InstanceStatus,
  clone_of: z.string().optional(),
  snapshots: z.array(InstanceSnapshot),
  workload_plugin: z.string().optional(),
  workload_config: z.record(z.string(), z.unknown()).optional(),
  workload_contract_version: z.string().optional(),
  health: InstanceHealth.optional(),
  operation: z.object({ id: z.string(), kind: z.string() }).optional(),
  error: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  limits: Limits.optional(),
  /** What was asked for at its creation, beside the options of all engines of this host. */
  engine: EngineOptions.optional(),
  /** Only where one instance is asked for. */
  used: InstanceUse.optional(),
  /** The label this instance last came from: its head in the history. */
  parent: z.string().optional(),
  /** Only on an instance the daemon made for itself. */
  purpose: InstancePurpose.optional(),
  /** What a snapshot of it cannot hold, one sentence each; only where one instance is asked for, and on the answer to a clone. */
  not_captured: z.array(z.string()).optional(),
  /** What is wrong with its network on the host, a sentence each; only where one instance is asked for. */
  network_problems: z.array(z.string()).optional(),
  /** What the plugin's validation warned of, on the answer to a create. */
  warnings: z.array(z.string()).optional(),
});
export type Instance = z.infer<typeof Instance>;
