import type {
  EngineOptions,
  InstancePurpose,
  KeepRules,
  Limits,
  Operation,
  RecordsRoom,
  ScheduleAction,
  SnapshotMode,
  Verification,
} from "@dockersnap/contract/words";

export interface WorkloadRecord {
  readonly plugin: string;
  /** As merged, templated and checked; what every later call gets. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly contractVersion: string;
}

export interface InstanceRecord {
  readonly name: string;
  readonly subnetIndex: number;
  readonly createdAt: string;
  /** `creating` until the first operation commits; `deleting` once there is no way back. */
  readonly phase: "creating" | "ready" | "deleting";
  /** What the operator asked for last: after a reboot the daemon brings reality to it. */
  readonly desired: "running" | "stopped";
  readonly cloneOf: { readonly instance: string; readonly label: string } | undefined;
  /** Label of the snapshot the dataset last came from or was last kept as. */
  readonly head: string | undefined;
  readonly workload: WorkloadRecord | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly limits: Limits | undefined;
  /** Why the instance needs a person's attention, until an operation succeeds. */
  readonly problem: string | undefined;
  /** A UUID of its Docker engine, which stays the same over restarts and reverts; a clone has another one. */
  readonly engineId: string;
  /** What its engine was asked to do otherwise than the engines of this host do. */
  readonly engineOptions: EngineOptions | undefined;
  /** What the daemon made it for; undefined for one that somebody asked for. */
  readonly purpose: InstancePurpose | undefined;
}

export interface SnapshotRecord {
  readonly instance: string;
  readonly label: string;
  readonly createdAt: string;
  readonly mode: SnapshotMode;
  readonly tags: Readonly<Record<string, string>>;
  readonly parent: string | undefined;
  readonly protected: boolean;
  readonly expiresAt: string | undefined;
  readonly freezeMs: number | undefined;
  readonly atomicMs: number | undefined;
  readonly notCaptured: readonly string[];
  /** What came of trying it out last. */
  readonly verified: Verification | undefined;
}

/** What a revert was about, where it was not the whole instance. */
export interface RevertedParts {
  /** Such as `volume:data`. */
  readonly names: readonly string[];
  /** Names of the containers among them that ran when the snapshot was taken that it would be crossed with next. */
  readonly ran: readonly string[];
}

/** A revert as it is remembered, so that it can be taken back and taken again. */
export interface RevertRecord {
  readonly instance: string;
  /** Its place among the reverts of its instance: later ones have higher numbers. */
  readonly seq: number;
  readonly at: string;
  /** Label the instance stood on before. */
  readonly from: string | undefined;
  readonly to: string;
  /** Undefined where the whole instance was reverted. */
  readonly parts: RevertedParts | undefined;
  /** Label of the snapshot that keeps what was there before. */
  readonly keptAs: string;
  /** Once it is undone: label of the snapshot that keeps what was there then. */
  readonly redoAs: string | undefined;
  /** The snapshot it would be crossed with next, by an undo or once undone by a redo, was removed. */
  readonly lost: boolean;
}

/** When snapshots of an instance are taken by themselves and which of them stay, or when the newest is tried out. */
export interface ScheduleRecord {
  readonly instance: string;
  readonly id: string;
  readonly action: ScheduleAction;
  readonly cron: string;
  /** With `{time}` in it; empty where no snapshots are taken. */
  readonly label: string;
  readonly mode: SnapshotMode;
  readonly tags: Readonly<Record<string, string>>;
  /** All, when undefined. */
  readonly keep: KeepRules | undefined;
  /** The schedule whose newest snapshot is tried out. */
  readonly of: string | undefined;
  /** How long what is tried out may take to be well. */
  readonly timeoutMs: number | undefined;
  readonly createdAt: string;
  readonly lastRunAt: string | undefined;
  /** Why the last run took no snapshot, or why what it tried out cannot be restored. */
  readonly lastError: string | undefined;
}

/** How many clones of a snapshot are to wait, booted, to be handed out. */
export interface StandbyRecord {
  readonly instance: string;
  readonly label: string;
  readonly count: number;
  /** Whether they are held still while they wait. */
  readonly frozen: boolean;
  readonly createdAt: string;
}

/** A clock that moved ahead of the time that passed. */
export interface ClockJump {
  readonly ms: number;
  /** So much time has to pass before it counts as real. */
  readonly leftMs: number;
  /** `set`: the clock was set; `away`: the machine was down meanwhile, which may explain it. */
  readonly kind: "set" | "away";
}

/** The last look at the clock, so that the next daemon notices what changed between. */
export interface TimeRecord {
  readonly boot: string;
  readonly uptimeMs: number;
  /** The time of day. */
  readonly wall: string;
  /** Those that do not count as real yet, oldest first. */
  readonly jumps: readonly ClockJump[];
}

/** A host port kept for one published port of an instance, so that it is the same after every restart. */
export interface PortReservation {
  readonly instance: string;
  readonly protocol: "tcp" | "udp";
  /** Published in the namespace. */
  readonly containerPort: number;
  readonly hostPort: number;
}

/** An operation as the journal keeps it: what clients see, and what the next daemon needs to end it. */
export interface OperationRecord extends Operation {
  readonly input: unknown;
  readonly state: unknown;
  readonly idempotencyKey: string | undefined;
  /** Of the request that came with that key. */
  readonly requestDigest?: string | undefined;
}

/** Which operations are listed; all without it. */
export interface OperationFilter {
  readonly instance?: string | undefined;
  /** Begun at this time or later. */
  readonly since?: string | undefined;
  /** Older than the operation with this id; none where it is not known. */
  readonly before?: string | undefined;
}

/**
 * What must survive a power cut. Every write is durable when it returns, but for those made `lazily`. Synchronous on purpose: a write costs less
 * than a turn of the event loop under load, and nothing can come between a check and the write that follows it.
 */
export interface Records {
  readonly instances: {
    /** Oldest first. */
    all(): readonly InstanceRecord[];
    get(name: string): InstanceRecord | undefined;
    /** `already_exists` if the name or the subnet index is taken. */
    insert(record: InstanceRecord): void;
    /** An absent one stays absent. */
    update(name: string, change: Partial<Omit<InstanceRecord, "name">>): void;
    /** With all that is kept for it: snapshots' records, reverts, schedules, standbys, port reservations. An absent one is already removed. */
    remove(name: string): void;
  };
  readonly snapshots: {
    /** Oldest first. */
    of(instance: string): readonly SnapshotRecord[];
    get(instance: string, label: string): SnapshotRecord | undefined;
    /** Of all instances, those that expire and are not protected, soonest first. */
    expiring(): readonly SnapshotRecord[];
    /** `already_exists` if the label is taken. */
    insert(record: SnapshotRecord): void;
    update(instance: string, label: string, change: Partial<Omit<SnapshotRecord, "instance">>): void;
    remove(instance: string, label: string): void;
  };
  readonly reverts: {
    /** Oldest first. */
    of(instance: string): readonly RevertRecord[];
    /** Insert, or replace the one with this place. */
    save(record: RevertRecord): void;
    remove(instance: string, seq: number): void;
    /** A snapshot has a new label: every place that names it follows. Belongs into the transaction that renames it. */
    relabel(instance: string, from: string, to: string): void;
  };
  readonly schedules: {
    /** By instance, then by id. */
    all(): readonly ScheduleRecord[];
    of(instance: string): readonly ScheduleRecord[];
    /** Insert, or replace the one with this id. */
    save(record: ScheduleRecord): void;
    remove(instance: string, id: string): void;
  };
  /** One goes with its snapshot, and follows it to another label. */
  readonly standbys: {
    /** Oldest first. */
    all(): readonly StandbyRecord[];
    get(instance: string, label: string): StandbyRecord | undefined;
    /** Insert, or replace that of this snapshot. */
    save(record: StandbyRecord): void;
    remove(instance: string, label: string): void;
  };
  readonly ports: {
    all(): readonly PortReservation[];
    of(instance: string): readonly PortReservation[];
    /** `already_exists` if another instance has the host port. */
    reserve(reservation: PortReservation): void;
    release(instance: string, protocol: "tcp" | "udp", containerPort: number): void;
  };
  readonly operations: {
    /** Insert, or replace the record with this id. */
    save(record: OperationRecord): void;
    get(id: string): OperationRecord | undefined;
    byIdempotencyKey(key: string): OperationRecord | undefined;
    /** Newest first. */
    recent(limit: number, which?: OperationFilter): readonly OperationRecord[];
    /** Those whose status is `running` or `undoing`, oldest first. */
    unfinished(): readonly OperationRecord[];
    /** Forget ended ones beyond the `keep` that were saved first last, whatever times they have. */
    prune(keep: number): void;
  };
  /** One record, replaced with every save; undefined before the first. */
  readonly time: {
    get(): TimeRecord | undefined;
    save(record: TimeRecord): void;
  };
  /** Tells the daemon whose records these are from any other: made with them, and there as long as they are. */
  daemonId(): string;
  /** Free space of the disk these records are on, as it is now. */
  room(): RecordsRoom;
  /** Have space in reserve again that a full disk used up, where there is enough to spare. */
  keepReserve(): void;
  /**
   * All writes inside happen, or none does. Where the disk is full `work` is run once more, in space that was kept in
   * reserve for that, so it does nothing but read and write records.
   */
  transaction<T>(work: () => T): T;
  /**
   * Writes inside need not be durable when they return. They are, in their order, with the next write outside of it: until
   * then a power cut may take them, but no end of this process.
   */
  lazily<T>(work: () => T): T;
}
