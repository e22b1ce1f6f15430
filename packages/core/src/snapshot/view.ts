import type { Snapshot } from "@dockersnap/contract/words";
import type { SnapshotRecord } from "../records/records.ts";

/** A snapshot as clients see it. */
export function describeSnapshot(record: SnapshotRecord): Snapshot {
  return {
    label: record.label,
    created_at: record.createdAt,
    mode: record.mode,
    protected: record.protected,
    ...(Object.keys(record.tags).length === 0 ? {} : { tags: { ...record.tags } }),
    ...(record.parent === undefined ? {} : { parent: record.parent }),
    ...(record.expiresAt === undefined ? {} : { expires_at: record.expiresAt }),
    ...(record.freezeMs === undefined ? {} : { freeze_ms: record.freezeMs }),
    ...(record.atomicMs === undefined ? {} : { atomic_ms: record.atomicMs }),
    ...(record.verified === undefined ? {} : { verified: record.verified }),
    ...(record.notCaptured.length === 0 ? {} : { not_captured: [...record.notCaptured] }),
  };
}
