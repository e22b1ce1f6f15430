import { DockersnapError, type RecordsRoom } from "@dockersnap/contract/words";
import type {
  InstanceRecord,
  OperationFilter,
  OperationRecord,
  PortReservation,
  Records,
  RevertRecord,
  ScheduleRecord,
  SnapshotRecord,
  StandbyRecord,
  TimeRecord,
} from "../../src/records/records.ts";

interface State {
  instances: Map<string, InstanceRecord>;
  /** Of one instance, by label. */
  snapshots: Map<string, Map<string, SnapshotRecord>>;
  /** Of one instance, by place. */
  reverts: Map<string, Map<number, RevertRecord>>;
  /** By instance and id. */
  schedules: Map<string, ScheduleRecord>;
  /** By instance and label. */
  standbys: Map<string, StandbyRecord>;
  ports: Map<string, PortReservation>;
  operations: Map<string, OperationRecord>;
  time: TimeRecord | undefined;
}

const portKey = (port: Omit<PortReservation, "hostPort">) =>
  `${port.instance}/${port.protocol}/${String(port.containerPort).padStart(5, "0")}`;

const standbyKey = (instance: string, label: string) => `${instance}@${label}`;
const scheduleKey = (instance: string, id: string) => `${instance}/${id}`;

const byCreation = (a: { createdAt: string }, b: { createdAt: string }) => compare(a.createdAt, b.createdAt);
const byStart = (a: OperationRecord, b: OperationRecord) => compare(a.started_at, b.started_at);
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const taken = (message: string) => new DockersnapError("already_exists", message);
const isUnfinished = (record: OperationRecord) => record.status === "running" || record.status === "undoing";

/** Records that last as long as the process; they behave as durable ones do, copies in and copies out. */
export class MemoryRecords implements Records {
  #state: State = {
    instances: new Map(),
    snapshots: new Map(),
    reverts: new Map(),
    schedules: new Map(),
    standbys: new Map(),
    ports: new Map(),
    operations: new Map(),
    time: undefined,
  };

  readonly instances: Records["instances"] = {
    all: () => structuredClone([...this.#state.instances.values()].sort(byCreation)),
    get: (name) => structuredClone(this.#state.instances.get(name)),
    insert: (record) => {
      if (this.#state.instances.has(record.name)) throw taken(`There is already an instance '${record.name}'.`);
      this.#refuseTakenIndex(record);
      this.#state.instances.set(record.name, structuredClone(record));
    },
    update: (name, change) => {
      const before = this.#state.instances.get(name);
      if (before === undefined) return;
      const after = { ...before, ...structuredClone(change), name };
      this.#refuseTakenIndex(after);
      this.#state.instances.set(name, after);
    },
    remove: (name) => {
      this.#state.instances.delete(name);
      this.#state.snapshots.delete(name);
      this.#state.reverts.delete(name);
      for (const [key, one] of this.#state.schedules) if (one.instance === name) this.#state.schedules.delete(key);
      for (const [key, one] of this.#state.standbys) if (one.instance === name) this.#state.standbys.delete(key);
      for (const [key, port] of this.#state.ports) if (port.instance === name) this.#state.ports.delete(key);
    },
  };

  readonly snapshots: Records["snapshots"] = {
    of: (instance) => structuredClone([...this.#labels(instance).values()].sort(byCreation)),
    get: (instance, label) => structuredClone(this.#labels(instance).get(label)),
    expiring: () => {
      const all = [...this.#state.snapshots.values()].flatMap((labels) => [...labels.values()]);
      const found = all.filter((one) => one.expiresAt !== undefined && !one.protected);
      return structuredClone(found.sort((a, b) => compare(a.expiresAt ?? "", b.expiresAt ?? "")));
    },
    insert: (record) => {
      this.#refuseUnknownInstance(record.instance);
      const labels = this.#labels(record.instance);
      if (labels.has(record.label)) throw taken(`'${record.instance}' already has a snapshot '${record.label}'.`);
      this.#state.snapshots.set(record.instance, labels.set(record.label, structuredClone(record)));
    },
    update: (instance, label, change) => {
      const labels = this.#labels(instance);
      const before = labels.get(label);
      if (before === undefined) return;
      const after = { ...before, ...structuredClone(change), instance };
      if (after.label !== label && labels.has(after.label)) {
        throw taken(`'${instance}' already has a snapshot '${after.label}'.`);
      }
      labels.delete(label);
      labels.set(after.label, after);
      const standby = this.#state.standbys.get(standbyKey(instance, label));
      this.#state.standbys.delete(standbyKey(instance, label));
      if (standby !== undefined) {
        this.#state.standbys.set(standbyKey(instance, after.label), { ...standby, label: after.label });
      }
    },
    remove: (instance, label) => {
      this.#labels(instance).delete(label);
      this.#state.standbys.delete(standbyKey(instance, label));
    },
  };

  readonly reverts: Records["reverts"] = {
    of: (instance) => structuredClone([...this.#line(instance).values()].sort((a, b) => a.seq - b.seq)),
    save: (record) => {
      this.#refuseUnknownInstance(record.instance);
      this.#state.reverts.set(record.instance, this.#line(record.instance).set(record.seq, structuredClone(record)));
    },
    remove: (instance, seq) => void this.#line(instance).delete(seq),
    relabel: (instance, from, to) => {
      const follow = <T>(label: T) => (label === from ? to : label);
      for (const [seq, record] of this.#line(instance)) {
        this.#line(instance).set(seq, {
          ...record,
          from: follow(record.from),
          to: follow(record.to),
          keptAs: follow(record.keptAs),
          redoAs: follow(record.redoAs),
        });
      }
    },
  };

  readonly schedules: Records["schedules"] = {
    all: () => this.#sortedSchedules(() => true),
    of: (instance) => this.#sortedSchedules((schedule) => schedule.instance === instance),
    save: (record) => {
      this.#refuseUnknownInstance(record.instance);
      this.#state.schedules.set(scheduleKey(record.instance, record.id), structuredClone(record));
    },
    remove: (instance, id) => void this.#state.schedules.delete(scheduleKey(instance, id)),
  };

  readonly standbys: Records["standbys"] = {
    all: () => structuredClone([...this.#state.standbys.values()].sort(byCreation)),
    get: (instance, label) => structuredClone(this.#state.standbys.get(standbyKey(instance, label))),
    save: (record) => {
      if (!this.#labels(record.instance).has(record.label)) {
        throw new DockersnapError("not_found", `'${record.instance}' has no snapshot '${record.label}'.`);
      }
      this.#state.standbys.set(standbyKey(record.instance, record.label), structuredClone(record));
    },
    remove: (instance, label) => void this.#state.standbys.delete(standbyKey(instance, label)),
  };

  readonly ports: Records["ports"] = {
    all: () => this.#sortedPorts(() => true),
    of: (instance) => this.#sortedPorts((port) => port.instance === instance),
    reserve: (reservation) => {
      this.#refuseUnknownInstance(reservation.instance);
      const key = portKey(reservation);
      for (const [other, { instance, hostPort, protocol }] of this.#state.ports) {
        if (other !== key && hostPort === reservation.hostPort && protocol === reservation.protocol) {
          throw taken(`Port ${hostPort}/${protocol} of the host is kept for '${instance}'.`);
        }
      }
      this.#state.ports.set(key, structuredClone(reservation));
    },
    release: (instance, protocol, containerPort) =>
      void this.#state.ports.delete(portKey({ instance, protocol, containerPort })),
  };

  readonly operations: Records["operations"] = {
    save: (record) => {
      const holder = this.#holderOfKey(record.idempotencyKey);
      if (holder !== undefined && holder.id !== record.id) {
        throw taken(`The idempotency key '${record.idempotencyKey}' belongs to operation ${holder.id}.`);
      }
      this.#state.operations.set(record.id, structuredClone(record));
    },
    get: (id) => structuredClone(this.#state.operations.get(id)),
    byIdempotencyKey: (key) => structuredClone(this.#holderOfKey(key)),
    recent: (limit, which = {}) => structuredClone(this.#operationsOf(which).slice(0, limit)),
    unfinished: () => structuredClone(this.#newestFirst().filter(isUnfinished).reverse()),
    prune: (keep) => {
      const ended = [...this.#state.operations.values()].filter((record) => !isUnfinished(record));
      for (const { id } of ended.slice(0, Math.max(0, ended.length - keep))) this.#state.operations.delete(id);
    },
  };

  readonly #daemonId = crypto.randomUUID();

  daemonId(): string {
    return this.#daemonId;
  }

  readonly time: Records["time"] = {
    get: () => structuredClone(this.#state.time),
    save: (record) => {
      this.#state.time = structuredClone(record);
    },
  };

  /** Bytes left of the disk they would be on; a test makes them fewer. */
  diskFree = 2 ** 30;

  room(): RecordsRoom {
    const reserve = 2 ** 24;
    return {
      ...(this.diskFree < reserve ? { state: "full", advice: "Free space on that disk." } : { state: "ok" }),
      ...{ total_bytes: 2 ** 30, free_bytes: this.diskFree, reserve_bytes: reserve },
      ...{ path: "/memory/records.db", mountpoint: "/memory" },
    };
  }

  keepReserve(): void {}

  transaction<T>(work: () => T): T {
    const before: State = {
      instances: new Map(this.#state.instances),
      snapshots: new Map([...this.#state.snapshots].map(([name, labels]) => [name, new Map(labels)])),
      reverts: new Map([...this.#state.reverts].map(([name, line]) => [name, new Map(line)])),
      schedules: new Map(this.#state.schedules),
      standbys: new Map(this.#state.standbys),
      ports: new Map(this.#state.ports),
      operations: new Map(this.#state.operations),
      time: this.#state.time,
    };
    try {
      const result = work();
      if (result instanceof Promise) {
        throw new DockersnapError("internal", "A transaction of the records cannot wait for a promise.");
      }
      return result;
    } catch (error) {
      this.#state = before;
      throw error;
    }
  }

  lazily<T>(work: () => T): T {
    const result = work();
    if (result instanceof Promise) {
      throw new DockersnapError("internal", "What is written lazily cannot wait for a promise.");
    }
    return result;
  }

  #labels(instance: string): Map<string, SnapshotRecord> {
    return this.#state.snapshots.get(instance) ?? new Map();
  }

  #line(instance: string): Map<number, RevertRecord> {
    return this.#state.reverts.get(instance) ?? new Map();
  }

  #newestFirst(): OperationRecord[] {
    return [...this.#state.operations.values()].sort(byStart).reverse();
  }

  #operationsOf({ instance, since, before }: OperationFilter): OperationRecord[] {
    const all = this.#newestFirst();
    const index = all.findIndex(({ id }) => id === before);
    const older = before === undefined ? all : index < 0 ? [] : all.slice(index + 1);
    return older.filter(
      (record) =>
        (instance === undefined || record.instance === instance) && (since === undefined || record.started_at >= since),
    );
  }

  #holderOfKey(key: string | undefined): OperationRecord | undefined {
    if (key === undefined) return undefined;
    return this.#state.operations.values().find((record) => record.idempotencyKey === key);
  }

  #sortedSchedules(wanted: (schedule: ScheduleRecord) => boolean): ScheduleRecord[] {
    const found = [...this.#state.schedules.values()].filter(wanted);
    return structuredClone(found.sort((a, b) => compare(a.instance, b.instance) || compare(a.id, b.id)));
  }

  #sortedPorts(wanted: (port: PortReservation) => boolean): PortReservation[] {
    const found = [...this.#state.ports].filter(([, port]) => wanted(port));
    return structuredClone(found.sort(([a], [b]) => compare(a, b)).map(([, port]) => port));
  }

  #refuseTakenIndex({ name, subnetIndex }: InstanceRecord): void {
    const holder = this.#state.instances.values().find((one) => one.subnetIndex === subnetIndex && one.name !== name);
    if (holder !== undefined) throw taken(`Subnet number ${subnetIndex} belongs to instance '${holder.name}'.`);
  }

  #refuseUnknownInstance(name: string): void {
    if (!this.#state.instances.has(name)) {
      throw new DockersnapError("not_found", `There is no instance '${name}' to keep this for.`);
    }
  }
}
