import type { SQLInputValue } from "node:sqlite";
import {
  EngineOptions,
  InstancePurpose,
  KeepRules,
  Limits,
  Operation,
  ScheduleAction,
  SnapshotMode,
  Verification,
} from "@dockersnap/contract";
import type {
  InstanceRecord,
  OperationRecord,
  PortReservation,
  RevertRecord,
  ScheduleRecord,
  SnapshotRecord,
  StandbyRecord,
  TimeRecord,
} from "@dockersnap/core";
import * as z from "zod";
import { type Row, unreadable } from "./database.ts";

/** A column that holds JSON text. Text that is none is an issue like any other. */
const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: "custom", message: "is not JSON" });
        return z.NEVER;
      }
    })
    .pipe(schema);

const absent = <T extends z.ZodType>(schema: T) =>
  schema.nullable().transform((value) => (value === null ? undefined : value));

const words = z.record(z.string(), z.string());

const InstanceRow = z.object({
  name: z.string(),
  subnet_index: z.int(),
  created_at: z.string(),
  phase: z.enum(["creating", "ready", "deleting"]),
  desired: z.enum(["running", "stopped"]),
  clone_of: absent(json(z.object({ instance: z.string(), label: z.string() }))),
  head: absent(z.string()),
  workload: absent(
    json(z.object({ plugin: z.string(), config: z.record(z.string(), z.unknown()), contractVersion: z.string() })),
  ),
  labels: json(words),
  limits: absent(json(Limits)),
  problem: absent(z.string()),
  engine_id: z.string(),
  engine_options: absent(json(EngineOptions)),
  purpose: absent(InstancePurpose),
});

const SnapshotRow = z.object({
  instance: z.string(),
  label: z.string(),
  created_at: z.string(),
  mode: SnapshotMode,
  tags: json(words),
  parent: absent(z.string()),
  protected: z.int().transform((value) => value !== 0),
  expires_at: absent(z.string()),
  freeze_ms: absent(z.number()),
  atomic_ms: absent(z.number()),
  not_captured: json(z.array(z.string())),
  verified: absent(json(Verification)),
});

const RevertRow = z.object({
  instance: z.string(),
  seq: z.int(),
  at: z.string(),
  stood_on: absent(z.string()),
  target: z.string(),
  kept_as: z.string(),
  redo_as: absent(z.string()),
  lost: z.int().transform((value) => value !== 0),
  parts: absent(json(z.object({ names: z.array(z.string()), ran: z.array(z.string()) }))),
});

const ScheduleRow = z.object({
  instance: z.string(),
  id: z.string(),
  cron: z.string(),
  label: z.string(),
  mode: SnapshotMode,
  tags: json(words),
  keep: absent(json(KeepRules)),
  created_at: z.string(),
  last_run_at: absent(z.string()),
  last_error: absent(z.string()),
  action: ScheduleAction,
  of_schedule: absent(z.string()),
  timeout_ms: absent(z.number()),
});

const StandbyRow = z.object({
  instance: z.string(),
  label: z.string(),
  count: z.int(),
  frozen: z.int().transform((value) => value !== 0),
  created_at: z.string(),
});

const PortRow = z.object({
  instance: z.string(),
  protocol: z.enum(["tcp", "udp"]),
  container_port: z.int(),
  host_port: z.int(),
});

const TimeRow = z.object({
  record: json(
    z.object({
      boot: z.string(),
      uptimeMs: z.number(),
      wall: z.iso.datetime(),
      jumps: z.array(z.object({ ms: z.number(), leftMs: z.number(), kind: z.enum(["set", "away"]) })),
    }),
  ),
});

const OperationRow = z.object({
  idempotency_key: absent(z.string()),
  record: json(
    Operation.extend({
      input: z.unknown().optional(),
      state: z.unknown().optional(),
      requestDigest: z.string().optional(),
    }),
  ),
});

/** The row as `schema` has it; a row that does not fit names the table and what is wrong with which column. */
function parse<T extends z.ZodType>(schema: T, table: string, row: Row, path: string): z.output<T> {
  const parsed = schema.safeParse(row);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
  throw unreadable(path, new Error(`a row of table ${table} is damaged (${problems.join("; ")})`));
}

export function instanceFrom(row: Row, path: string): InstanceRecord {
  const { subnet_index, created_at, clone_of, engine_id, engine_options, ...rest } = parse(
    InstanceRow,
    "instances",
    row,
    path,
  );
  return {
    ...rest,
    subnetIndex: subnet_index,
    createdAt: created_at,
    cloneOf: clone_of,
    engineId: engine_id,
    engineOptions: engine_options,
  };
}

export function snapshotFrom(row: Row, path: string): SnapshotRecord {
  const { created_at, expires_at, freeze_ms, atomic_ms, not_captured, ...rest } = parse(
    SnapshotRow,
    "snapshots",
    row,
    path,
  );
  return {
    ...rest,
    createdAt: created_at,
    expiresAt: expires_at,
    freezeMs: freeze_ms,
    atomicMs: atomic_ms,
    notCaptured: not_captured,
  };
}

export function revertFrom(row: Row, path: string): RevertRecord {
  const { stood_on, target, kept_as, redo_as, ...rest } = parse(RevertRow, "reverts", row, path);
  return { ...rest, from: stood_on, to: target, keptAs: kept_as, redoAs: redo_as };
}

export function scheduleFrom(row: Row, path: string): ScheduleRecord {
  const { created_at, last_run_at, last_error, of_schedule, timeout_ms, ...rest } = parse(
    ScheduleRow,
    "schedules",
    row,
    path,
  );
  return {
    ...rest,
    createdAt: created_at,
    lastRunAt: last_run_at,
    lastError: last_error,
    of: of_schedule,
    timeoutMs: timeout_ms,
  };
}

export function standbyFrom(row: Row, path: string): StandbyRecord {
  const { created_at, ...rest } = parse(StandbyRow, "standbys", row, path);
  return { ...rest, createdAt: created_at };
}

export function timeFrom(row: Row, path: string): TimeRecord {
  return parse(TimeRow, "time", row, path).record;
}

export function portFrom(row: Row, path: string): PortReservation {
  const { container_port, host_port, ...rest } = parse(PortRow, "ports", row, path);
  return { ...rest, containerPort: container_port, hostPort: host_port };
}

export function operationFrom(row: Row, path: string): OperationRecord {
  const { idempotency_key, record } = parse(OperationRow, "operations", row, path);
  return { ...record, input: record.input, state: record.state, idempotencyKey: idempotency_key };
}

const encoded = (value: unknown) => (value === undefined ? null : JSON.stringify(value));

/** How each field of a record is kept: its column and the value there. */
export const instanceColumns: {
  [K in keyof InstanceRecord]: readonly [column: string, encode: (value: InstanceRecord[K]) => SQLInputValue];
} = {
  name: ["name", (value) => value],
  subnetIndex: ["subnet_index", (value) => value],
  createdAt: ["created_at", (value) => value],
  phase: ["phase", (value) => value],
  desired: ["desired", (value) => value],
  cloneOf: ["clone_of", encoded],
  head: ["head", (value) => value ?? null],
  workload: ["workload", encoded],
  labels: ["labels", encoded],
  limits: ["limits", encoded],
  problem: ["problem", (value) => value ?? null],
  engineId: ["engine_id", (value) => value],
  engineOptions: ["engine_options", encoded],
  purpose: ["purpose", (value) => value ?? null],
};

export const snapshotColumns: {
  [K in keyof SnapshotRecord]: readonly [column: string, encode: (value: SnapshotRecord[K]) => SQLInputValue];
} = {
  instance: ["instance", (value) => value],
  label: ["label", (value) => value],
  createdAt: ["created_at", (value) => value],
  mode: ["mode", (value) => value],
  tags: ["tags", encoded],
  parent: ["parent", (value) => value ?? null],
  protected: ["protected", (value) => (value ? 1 : 0)],
  expiresAt: ["expires_at", (value) => value ?? null],
  freezeMs: ["freeze_ms", (value) => value ?? null],
  atomicMs: ["atomic_ms", (value) => value ?? null],
  notCaptured: ["not_captured", encoded],
  verified: ["verified", encoded],
};

export const revertColumns: {
  [K in keyof RevertRecord]: readonly [column: string, encode: (value: RevertRecord[K]) => SQLInputValue];
} = {
  instance: ["instance", (value) => value],
  seq: ["seq", (value) => value],
  at: ["at", (value) => value],
  from: ["stood_on", (value) => value ?? null],
  to: ["target", (value) => value],
  keptAs: ["kept_as", (value) => value],
  redoAs: ["redo_as", (value) => value ?? null],
  lost: ["lost", (value) => (value ? 1 : 0)],
  parts: ["parts", encoded],
};

export const scheduleColumns: {
  [K in keyof ScheduleRecord]: readonly [column: string, encode: (value: ScheduleRecord[K]) => SQLInputValue];
} = {
  instance: ["instance", (value) => value],
  id: ["id", (value) => value],
  cron: ["cron", (value) => value],
  label: ["label", (value) => value],
  mode: ["mode", (value) => value],
  tags: ["tags", encoded],
  keep: ["keep", encoded],
  createdAt: ["created_at", (value) => value],
  lastRunAt: ["last_run_at", (value) => value ?? null],
  lastError: ["last_error", (value) => value ?? null],
  action: ["action", (value) => value],
  of: ["of_schedule", (value) => value ?? null],
  timeoutMs: ["timeout_ms", (value) => value ?? null],
};

export const standbyColumns: {
  [K in keyof StandbyRecord]: readonly [column: string, encode: (value: StandbyRecord[K]) => SQLInputValue];
} = {
  instance: ["instance", (value) => value],
  label: ["label", (value) => value],
  count: ["count", (value) => value],
  frozen: ["frozen", (value) => (value ? 1 : 0)],
  createdAt: ["created_at", (value) => value],
};

/** The columns of what is given, `change` being a record or a part of one. */
export function columnsOf<R extends object>(
  columns: { readonly [K in keyof R]: readonly [string, (value: R[K]) => SQLInputValue] },
  change: Partial<R>,
): Record<string, SQLInputValue> {
  const values: Record<string, SQLInputValue> = {};
  for (const key in columns) {
    if (!Object.hasOwn(change, key)) continue;
    const [column, encode] = columns[key];
    values[column] = encode(change[key] as R[typeof key]);
  }
  return values;
}
