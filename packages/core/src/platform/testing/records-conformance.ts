import type { OperationStatus } from "@dockersnap/contract/words";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type {
  InstanceRecord,
  OperationRecord,
  PortReservation,
  Records,
  RevertRecord,
  ScheduleRecord,
  SnapshotRecord,
  StandbyRecord,
} from "../records.ts";

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

function instance(name: string, subnetIndex: number, more: Partial<InstanceRecord> = {}): InstanceRecord {
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
    purpose: undefined,
    ...more,
  };
}

function snapshot(of: string, label: string, second: number, more: Partial<SnapshotRecord> = {}): SnapshotRecord {
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

function revert(of: string, seq: number, more: Partial<RevertRecord> = {}): RevertRecord {
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

function schedule(of: string, id: string, more: Partial<ScheduleRecord> = {}): ScheduleRecord {
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

function operation(id: string, second: number, status: OperationStatus, idempotencyKey?: string): OperationRecord {
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

const tcp = (of: string, containerPort: number, hostPort: number): PortReservation => ({
  instance: of,
  protocol: "tcp",
  containerPort,
  hostPort,
});

/** What any `Records` must do. `open` gives empty ones; what it made is released with `close`. */
export function describeRecords(open: () => { records: Records; close(): void }): void {
  let records: Records;
  let close: () => void;
  beforeEach(() => {
    ({ records, close } = open());
  });
  afterEach(() => close());

  describe("instances", () => {
    it("come back as they went in", () => {
      const full = instance("web", 3, {
        cloneOf: { instance: "base", label: "golden" },
        head: "golden",
        workload: { plugin: "echo", config: { text: "hi", list: [1, true, null] }, contractVersion: "1" },
        labels: { owner: "me", "a/b": "" },
        limits: { memory: 134_217_728, cpus: 1.5 },
        problem: "dockerd did not come up",
        purpose: "verify",
      });
      records.instances.insert(full);
      records.instances.insert(instance("plain", 0));
      expect(records.instances.get("web")).toEqual(full);
      expect(records.instances.get("plain")).toEqual(instance("plain", 0));
      expect(records.instances.get("absent")).toBeUndefined();
    });

    it("are listed oldest first, whatever order they were written in", () => {
      records.instances.insert(instance("second", 2));
      records.instances.insert(instance("first", 1));
      records.instances.insert(instance("third", 3, { createdAt: at(2) }));
      expect(records.instances.all().map(({ name }) => name)).toEqual(["first", "second", "third"]);
    });

    it("have a name of their own", () => {
      records.instances.insert(instance("web", 0));
      expect(() => records.instances.insert(instance("web", 1))).toThrow(
        expect.objectContaining({ code: "already_exists" }),
      );
    });

    it("have a subnet of their own", () => {
      records.instances.insert(instance("web", 0));
      records.instances.insert(instance("api", 1));
      const taken = expect.objectContaining({ code: "already_exists" });
      expect(() => records.instances.insert(instance("db", 0))).toThrow(taken);
      expect(() => records.instances.update("api", { subnetIndex: 0 })).toThrow(taken);
      expect(records.instances.get("api")?.subnetIndex).toBe(1);
    });

    it("change only where told, and forget what is set to undefined", () => {
      records.instances.insert(instance("web", 0, { problem: "broken", labels: { a: "b" } }));
      records.instances.update("web", { desired: "stopped", problem: undefined });
      expect(records.instances.get("web")).toEqual(instance("web", 0, { desired: "stopped", labels: { a: "b" } }));
      records.instances.update("web", {});
      records.instances.update("absent", { desired: "stopped" });
      expect(records.instances.all()).toHaveLength(1);
    });

    it("take their snapshots and ports along when removed, and nobody else's", () => {
      for (const [index, name] of ["web", "api"].entries()) {
        records.instances.insert(instance(name, index));
        records.snapshots.insert(snapshot(name, "golden", 1));
        records.ports.reserve(tcp(name, 80, 8080 + index));
      }
      records.instances.remove("web");
      records.instances.remove("web");
      expect(records.instances.get("web")).toBeUndefined();
      expect(records.snapshots.of("web")).toEqual([]);
      expect(records.ports.all()).toEqual([tcp("api", 80, 8081)]);
      expect(records.snapshots.of("api")).toHaveLength(1);
    });

    it("are copies: changing what was given or got changes nothing kept", () => {
      const given = instance("web", 0, { labels: { a: "b" } });
      records.instances.insert(given);
      Object.assign(given.labels, { a: "changed" });
      Object.assign(records.instances.get("web")?.labels ?? {}, { a: "changed" });
      expect(records.instances.get("web")?.labels).toEqual({ a: "b" });
    });
  });

  describe("snapshots", () => {
    beforeEach(() => records.instances.insert(instance("web", 0)));

    it("come back as they went in", () => {
      const full = snapshot("web", "golden", 5, {
        mode: "paused",
        tags: { why: "release" },
        parent: "base",
        protected: true,
        expiresAt: at(50),
        freezeMs: 1.25,
        atomicMs: 30,
        notCaptured: ["bind mount /srv"],
        verified: { ok: true, checked_at: at(40), ready_ms: 1_234, checks: [{ name: "http", ok: true }] },
      });
      records.snapshots.insert(full);
      expect(records.snapshots.get("web", "golden")).toEqual(full);
      expect(records.snapshots.get("web", "absent")).toBeUndefined();
      expect(records.snapshots.get("absent", "golden")).toBeUndefined();
    });

    it("are listed oldest first, also after one was renamed", () => {
      records.snapshots.insert(snapshot("web", "b", 2));
      records.snapshots.insert(snapshot("web", "a", 1));
      records.snapshots.insert(snapshot("web", "c", 3));
      records.snapshots.update("web", "a", { label: "z" });
      expect(records.snapshots.of("web").map(({ label }) => label)).toEqual(["z", "b", "c"]);
    });

    it("have a label of their own within the instance", () => {
      records.instances.insert(instance("api", 1));
      records.snapshots.insert(snapshot("web", "golden", 1));
      records.snapshots.insert(snapshot("web", "other", 2));
      records.snapshots.insert(snapshot("api", "golden", 1));
      const taken = expect.objectContaining({ code: "already_exists" });
      expect(() => records.snapshots.insert(snapshot("web", "golden", 3))).toThrow(taken);
      expect(() => records.snapshots.update("web", "other", { label: "golden" })).toThrow(taken);
      expect(records.snapshots.of("web").map(({ label }) => label)).toEqual(["golden", "other"]);
    });

    it("belong to an instance that is there", () => {
      expect(() => records.snapshots.insert(snapshot("absent", "golden", 1))).toThrow(
        expect.objectContaining({ code: "not_found" }),
      );
    });

    it("change only where told, and are removed once", () => {
      records.snapshots.insert(snapshot("web", "golden", 1, { expiresAt: at(9), tags: { a: "b" } }));
      records.snapshots.update("web", "golden", { protected: true, expiresAt: undefined });
      expect(records.snapshots.get("web", "golden")).toEqual(
        snapshot("web", "golden", 1, { protected: true, tags: { a: "b" } }),
      );
      records.snapshots.update("web", "absent", { protected: true });
      records.snapshots.remove("web", "golden");
      records.snapshots.remove("web", "golden");
      expect(records.snapshots.of("web")).toEqual([]);
    });
  });

  describe("snapshots that expire", () => {
    it("are found in all instances, soonest first, without those that are protected", () => {
      records.instances.insert(instance("web", 0));
      records.instances.insert(instance("api", 1));
      records.snapshots.insert(snapshot("web", "later", 1, { expiresAt: at(30) }));
      records.snapshots.insert(snapshot("web", "forever", 2));
      records.snapshots.insert(snapshot("web", "protected", 3, { expiresAt: at(10), protected: true }));
      records.snapshots.insert(snapshot("api", "sooner", 4, { expiresAt: at(20) }));
      expect(records.snapshots.expiring()).toEqual([
        snapshot("api", "sooner", 4, { expiresAt: at(20) }),
        snapshot("web", "later", 1, { expiresAt: at(30) }),
      ]);
    });
  });

  describe("reverts", () => {
    beforeEach(() => records.instances.insert(instance("web", 0)));

    it("come back as they went in, oldest first, each instance's by itself", () => {
      records.instances.insert(instance("api", 1));
      const undone = revert("web", 2, { from: undefined, redoAs: "redo-2", lost: true });
      records.reverts.save(undone);
      const ofParts = revert("web", 10, { parts: { names: ["volume:data", "container:web"], ran: ["web"] } });
      records.reverts.save(ofParts);
      records.reverts.save(revert("web", 1));
      records.reverts.save(revert("api", 1));
      expect(records.reverts.of("web")).toEqual([revert("web", 1), undone, ofParts]);
      expect(records.reverts.of("api")).toEqual([revert("api", 1)]);
      expect(records.reverts.of("absent")).toEqual([]);
    });

    it("are replaced by the same place, and removed once", () => {
      records.reverts.save(revert("web", 1));
      records.reverts.save(revert("web", 1, { redoAs: "redo-1" }));
      expect(records.reverts.of("web")).toEqual([revert("web", 1, { redoAs: "redo-1" })]);
      records.reverts.remove("web", 1);
      records.reverts.remove("web", 1);
      expect(records.reverts.of("web")).toEqual([]);
    });

    it("follow a snapshot that gets a new label, wherever they name it", () => {
      records.instances.insert(instance("api", 1));
      records.reverts.save(revert("web", 1, { from: "x", to: "y", keptAs: "z", redoAs: "x" }));
      records.reverts.save(revert("web", 2, { from: undefined, to: "x", keptAs: "x" }));
      records.reverts.save(revert("api", 1, { from: "x", to: "x", keptAs: "x", redoAs: "x" }));
      records.reverts.relabel("web", "x", "new");
      expect(records.reverts.of("web")).toEqual([
        revert("web", 1, { from: "new", to: "y", keptAs: "z", redoAs: "new" }),
        revert("web", 2, { from: undefined, to: "new", keptAs: "new" }),
      ]);
      expect(records.reverts.of("api")[0]).toMatchObject({ from: "x", to: "x", keptAs: "x", redoAs: "x" });
    });

    it("belong to an instance that is there, and go with it", () => {
      expect(() => records.reverts.save(revert("absent", 1))).toThrow(expect.objectContaining({ code: "not_found" }));
      records.reverts.save(revert("web", 1));
      records.instances.remove("web");
      records.instances.insert(instance("web", 0));
      expect(records.reverts.of("web")).toEqual([]);
    });

    it("stay as they were when the work around them fails", () => {
      records.reverts.save(revert("web", 1));
      expect(() =>
        records.transaction(() => {
          records.reverts.save(revert("web", 2));
          records.reverts.relabel("web", "golden", "new");
          records.reverts.remove("web", 1);
          throw new Error("no");
        }),
      ).toThrow("no");
      expect(records.reverts.of("web")).toEqual([revert("web", 1)]);
    });
  });

  describe("standbys", () => {
    const standby = (label: string, change: Partial<StandbyRecord> = {}): StandbyRecord => ({
      instance: "web",
      label,
      count: 2,
      frozen: true,
      createdAt: at(1),
      ...change,
    });

    beforeEach(() => {
      records.instances.insert(instance("web", 0));
      for (const [second, label] of ["a", "b", "c"].entries()) records.snapshots.insert(snapshot("web", label, second));
    });

    it("come back as they were saved, oldest first, the last of each snapshot", () => {
      records.standbys.save(standby("b"));
      records.standbys.save(standby("a", { createdAt: at(2), frozen: false }));
      records.standbys.save(standby("b", { count: 5 }));
      expect(records.standbys.all()).toEqual([
        standby("b", { count: 5 }),
        standby("a", { createdAt: at(2), frozen: false }),
      ]);
      expect(records.standbys.get("web", "b")).toEqual(standby("b", { count: 5 }));
      records.standbys.remove("web", "b");
      records.standbys.remove("web", "b");
      expect(records.standbys.get("web", "b")).toBeUndefined();
    });

    it("need their snapshot, follow it to another label, and go with it or with its instance", () => {
      expect(() => records.standbys.save(standby("absent"))).toThrow(expect.objectContaining({ code: "not_found" }));
      for (const [second, label] of ["a", "b", "c"].entries()) {
        records.standbys.save(standby(label, { createdAt: at(second) }));
      }
      records.snapshots.update("web", "a", { label: "new" });
      records.snapshots.update("web", "b", { tags: { k: "v" } });
      records.snapshots.remove("web", "c");
      expect(records.standbys.all().map(({ label }) => label)).toEqual(["new", "b"]);
      records.instances.remove("web");
      expect(records.standbys.all()).toEqual([]);
    });
  });

  describe("schedules", () => {
    beforeEach(() => {
      records.instances.insert(instance("web", 0));
      records.instances.insert(instance("api", 1));
    });

    it("come back as they went in, by instance and name", () => {
      const whole = schedule("web", "nightly", {
        tags: { a: "b" },
        keep: { last: 1, weekly: 4 },
        lastRunAt: at(5),
        lastError: "No room.",
      });
      const trying = schedule("web", "proof", { action: "verify", label: "", of: "nightly", timeoutMs: 300_000 });
      records.schedules.save(trying);
      expect(records.schedules.of("web")).toEqual([trying]);
      records.schedules.remove("web", "proof");
      records.schedules.save(whole);
      records.schedules.save(schedule("web", "hourly"));
      records.schedules.save(schedule("api", "nightly"));
      expect(records.schedules.of("web")).toEqual([schedule("web", "hourly"), whole]);
      expect(records.schedules.all().map((one) => `${one.instance}/${one.id}`)).toEqual([
        "api/nightly",
        "web/hourly",
        "web/nightly",
      ]);
      expect(records.schedules.of("absent")).toEqual([]);
    });

    it("are replaced by the same name, and removed once", () => {
      records.schedules.save(schedule("web", "nightly"));
      records.schedules.save(schedule("web", "nightly", { lastRunAt: at(7) }));
      expect(records.schedules.of("web")).toEqual([schedule("web", "nightly", { lastRunAt: at(7) })]);
      records.schedules.remove("web", "nightly");
      records.schedules.remove("web", "nightly");
      expect(records.schedules.all()).toEqual([]);
    });

    it("belong to an instance that is there, and go with it", () => {
      const lost = () => records.schedules.save(schedule("absent", "nightly"));
      expect(lost).toThrow(expect.objectContaining({ code: "not_found" }));
      records.schedules.save(schedule("web", "nightly"));
      records.schedules.save(schedule("api", "nightly"));
      records.instances.remove("web");
      expect(records.schedules.all()).toEqual([schedule("api", "nightly")]);
    });

    it("stay as they were when the work around them fails", () => {
      records.schedules.save(schedule("web", "nightly"));
      const failing = () =>
        records.transaction(() => {
          records.schedules.save(schedule("web", "hourly"));
          records.schedules.remove("web", "nightly");
          throw new Error("no");
        });
      expect(failing).toThrow("no");
      expect(records.schedules.all()).toEqual([schedule("web", "nightly")]);
    });
  });

  describe("ports", () => {
    beforeEach(() => {
      records.instances.insert(instance("web", 0));
      records.instances.insert(instance("api", 1));
    });

    it("of the host are kept for one published port, each protocol by itself", () => {
      records.ports.reserve(tcp("web", 80, 8080));
      records.ports.reserve({ ...tcp("api", 53, 8080), protocol: "udp" });
      const taken = expect.objectContaining({ code: "already_exists" });
      expect(() => records.ports.reserve(tcp("api", 80, 8080))).toThrow(taken);
      expect(() => records.ports.reserve(tcp("web", 81, 8080))).toThrow(taken);
      expect(records.ports.of("api")).toEqual([{ ...tcp("api", 53, 8080), protocol: "udp" }]);
    });

    it("kept again are the same, or moved", () => {
      records.ports.reserve(tcp("web", 80, 8080));
      records.ports.reserve(tcp("web", 80, 8080));
      records.ports.reserve(tcp("web", 80, 9090));
      expect(records.ports.all()).toEqual([tcp("web", 80, 9090)]);
      records.ports.reserve(tcp("api", 80, 8080));
      expect(records.ports.of("api")).toEqual([tcp("api", 80, 8080)]);
    });

    it("given back are free for others", () => {
      records.ports.reserve(tcp("web", 80, 8080));
      records.ports.release("web", "tcp", 80);
      records.ports.release("web", "tcp", 80);
      records.ports.reserve(tcp("api", 443, 8080));
      expect(records.ports.all()).toEqual([tcp("api", 443, 8080)]);
    });

    it("are listed by instance, protocol and port, and only kept for an instance that is there", () => {
      records.ports.reserve(tcp("web", 443, 1));
      records.ports.reserve(tcp("web", 80, 2));
      records.ports.reserve(tcp("api", 9000, 3));
      expect(records.ports.all().map(({ hostPort }) => hostPort)).toEqual([3, 2, 1]);
      expect(() => records.ports.reserve(tcp("absent", 80, 4))).toThrow(expect.objectContaining({ code: "not_found" }));
    });
  });

  describe("operations", () => {
    it("come back as they went in, and are replaced by the same id", () => {
      const running = operation("op-1", 1, "running", "key");
      records.operations.save(running);
      expect(records.operations.get("op-1")).toEqual(running);
      const done: OperationRecord = {
        ...running,
        status: "failed",
        ended_at: at(9),
        recovered: "undone",
        error: { error: "no room", code: "no_space", details: { free: 0 } },
        state: { dataset: "web" },
      };
      records.operations.save(done);
      expect(records.operations.get("op-1")).toEqual(done);
      expect(records.operations.recent(10)).toHaveLength(1);
      expect(records.operations.get("absent")).toBeUndefined();
    });

    it("keep a result, whatever it is", () => {
      for (const result of [{ name: "web" }, [], null, "text", 0]) {
        records.operations.save({ ...operation("op", 1, "done"), result });
        expect(records.operations.get("op")?.result).toEqual(result);
      }
    });

    it("are found by their idempotency key, which only one has", () => {
      records.operations.save(operation("op-1", 1, "done", "key"));
      records.operations.save(operation("op-2", 2, "done"));
      records.operations.save(operation("op-3", 3, "done"));
      expect(records.operations.byIdempotencyKey("key")?.id).toBe("op-1");
      expect(records.operations.byIdempotencyKey("other")).toBeUndefined();
      expect(() => records.operations.save(operation("op-2", 2, "done", "key"))).toThrow(
        expect.objectContaining({ code: "already_exists" }),
      );
    });

    it("are listed newest first, the unfinished oldest first", () => {
      records.operations.save(operation("b", 2, "running"));
      records.operations.save(operation("a", 1, "undoing"));
      records.operations.save(operation("c", 3, "done"));
      records.operations.save(operation("d", 3, "failed"));
      records.operations.save(operation("b", 2, "running"));
      expect(records.operations.recent(3).map(({ id }) => id)).toEqual(["d", "c", "b"]);
      expect(records.operations.unfinished().map(({ id }) => id)).toEqual(["a", "b"]);
    });

    it("are forgotten beyond the newest, never those unfinished", () => {
      records.operations.save(operation("old-running", 1, "running"));
      for (const second of [2, 3, 4, 5])
        records.operations.save(operation(`op-${second}`, second, "done", `k${second}`));
      records.operations.prune(2);
      expect(records.operations.recent(10).map(({ id }) => id)).toEqual(["op-5", "op-4", "old-running"]);
      expect(records.operations.byIdempotencyKey("k2")).toBeUndefined();
      records.operations.prune(0);
      expect(records.operations.recent(10).map(({ id }) => id)).toEqual(["old-running"]);
    });
  });

  describe("what is written lazily", () => {
    it("is there at once, and its work's result comes back", () => {
      expect(
        records.lazily(() => {
          records.instances.insert(instance("web", 0));
          return records.lazily(() => "done");
        }),
      ).toBe("done");
      expect(records.instances.all()).toEqual([instance("web", 0)]);
    });

    it("falls with the transaction it is in", () => {
      const failing = () =>
        records.transaction(() => {
          records.lazily(() => records.instances.insert(instance("web", 0)));
          throw new Error("no");
        });
      expect(failing).toThrow("no");
      expect(records.instances.all()).toEqual([]);
    });

    it("cannot wait for anything", () => {
      expect(() => records.lazily(async () => undefined)).toThrow(expect.objectContaining({ code: "internal" }));
      records.transaction(() => records.instances.insert(instance("web", 0)));
      expect(records.instances.all()).toHaveLength(1);
    });
  });

  describe("a transaction", () => {
    it("gives back what its work gave, with everything written", () => {
      const result = records.transaction(() => {
        records.instances.insert(instance("web", 0));
        records.snapshots.insert(snapshot("web", "golden", 1));
        return "done";
      });
      expect(result).toBe("done");
      expect(records.snapshots.of("web")).toHaveLength(1);
    });

    it("writes nothing when its work fails", () => {
      records.instances.insert(instance("kept", 9));
      records.ports.reserve(tcp("kept", 80, 8080));
      const failing = () =>
        records.transaction(() => {
          records.instances.insert(instance("web", 0));
          records.snapshots.insert(snapshot("web", "golden", 1));
          records.instances.update("kept", { desired: "stopped" });
          records.ports.release("kept", "tcp", 80);
          records.operations.save(operation("op", 1, "running"));
          throw new Error("no");
        });
      expect(failing).toThrow("no");
      expect(records.instances.all()).toEqual([instance("kept", 9)]);
      expect(records.snapshots.of("web")).toEqual([]);
      expect(records.ports.all()).toEqual([tcp("kept", 80, 8080)]);
      expect(records.operations.recent(1)).toEqual([]);
    });

    it("inside another falls alone, and falls with the outer one", () => {
      records.transaction(() => {
        records.instances.insert(instance("outer", 0));
        expect(() =>
          records.transaction(() => {
            records.instances.insert(instance("inner", 1));
            throw new Error("inner");
          }),
        ).toThrow("inner");
      });
      expect(records.instances.all().map(({ name }) => name)).toEqual(["outer"]);
      expect(() =>
        records.transaction(() => {
          records.transaction(() => records.instances.insert(instance("inner", 1)));
          throw new Error("outer");
        }),
      ).toThrow("outer");
      expect(records.instances.all().map(({ name }) => name)).toEqual(["outer"]);
    });

    it("refuses work that waits, and writes nothing of it", () => {
      const waiting = () => records.transaction(async () => records.instances.insert(instance("web", 0)));
      expect(waiting).toThrow(expect.objectContaining({ code: "internal" }));
      expect(records.instances.all()).toEqual([]);
    });

    it("goes on working after a refusal inside it was handled", () => {
      records.transaction(() => {
        records.instances.insert(instance("web", 0));
        expect(() => records.instances.insert(instance("web", 1))).toThrow();
        records.instances.insert(instance("api", 1));
      });
      expect(records.instances.all()).toHaveLength(2);
    });
  });
}
