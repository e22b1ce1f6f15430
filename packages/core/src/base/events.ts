import type { DaemonEvent } from "@dockersnap/contract/words";

export type NewEvent = Pick<DaemonEvent, "type"> & Partial<Pick<DaemonEvent, "instance" | "operation" | "data">>;

/** Where the core announces what happened; delivery is the daemon's business and never slows the core. */
export interface EventSink {
  publish(event: NewEvent): void;
}
