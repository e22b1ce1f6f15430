import { beforeEach, describe, expect, it } from "vitest";
import type { Records } from "../../../src/records/records.ts";
import { at, instance, snapshot, tcp } from "../samples.ts";

/** Instances, and the host ports kept for them. `records` gives those of the present test, empty at its begin. */
export function instanceRecords(records: () => Records): void {
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
      records().instances.insert(full);
      records().instances.insert(instance("plain", 0));
      expect(records().instances.get("web")).toEqual(full);
      expect(records().instances.get("plain")).toEqual(instance("plain", 0));
      expect(records().instances.get("absent")).toBeUndefined();
    });

    it("are listed oldest first, whatever order they were written in", () => {
      records().instances.insert(instance("second", 2));
      records().instances.insert(instance("first", 1));
      records().instances.insert(instance("third", 3, { createdAt: at(2) }));
      expect(
        records()
          .instances.all()
          .map(({ name }) => name),
      ).toEqual(["first", "second", "third"]);
    });

    it("have a name of their own", () => {
      records().instances.insert(instance("web", 0));
      expect(() => records().instances.insert(instance("web", 1))).toThrow(
        expect.objectContaining({ code: "already_exists" }),
      );
    });

    it("have a subnet of their own", () => {
      records().instances.insert(instance("web", 0));
      records().instances.insert(instance("api", 1));
      const taken = expect.objectContaining({ code: "already_exists" });
      expect(() => records().instances.insert(instance("db", 0))).toThrow(taken);
      expect(() => records().instances.update("api", { subnetIndex: 0 })).toThrow(taken);
      expect(records().instances.get("api")?.subnetIndex).toBe(1);
    });

    it("change only where told, and forget what is set to undefined", () => {
      records().instances.insert(instance("web", 0, { problem: "broken", labels: { a: "b" } }));
      records().instances.update("web", { desired: "stopped", problem: undefined });
      expect(records().instances.get("web")).toEqual(instance("web", 0, { desired: "stopped", labels: { a: "b" } }));
      records().instances.update("web", {});
      records().instances.update("absent", { desired: "stopped" });
      expect(records().instances.all()).toHaveLength(1);
    });

    it("take their snapshots and ports along when removed, and nobody else's", () => {
      for (const [index, name] of ["web", "api"].entries()) {
        records().instances.insert(instance(name, index));
        records().snapshots.insert(snapshot(name, "golden", 1));
        records().ports.reserve(tcp(name, 80, 8080 + index));
      }
      records().instances.remove("web");
      records().instances.remove("web");
      expect(records().instances.get("web")).toBeUndefined();
      expect(records().snapshots.of("web")).toEqual([]);
      expect(records().ports.all()).toEqual([tcp("api", 80, 8081)]);
      expect(records().snapshots.of("api")).toHaveLength(1);
    });

    it("are copies: changing what was given or got changes nothing kept", () => {
      const given = instance("web", 0, { labels: { a: "b" } });
      records().instances.insert(given);
      Object.assign(given.labels, { a: "changed" });
      Object.assign(records().instances.get("web")?.labels ?? {}, { a: "changed" });
      expect(records().instances.get("web")?.labels).toEqual({ a: "b" });
    });
  });

  describe("ports", () => {
    beforeEach(() => {
      records().instances.insert(instance("web", 0));
      records().instances.insert(instance("api", 1));
    });

    it("of the host are kept for one published port, each protocol by itself", () => {
      records().ports.reserve(tcp("web", 80, 8080));
      records().ports.reserve({ ...tcp("api", 53, 8080), protocol: "udp" });
      const taken = expect.objectContaining({ code: "already_exists" });
      expect(() => records().ports.reserve(tcp("api", 80, 8080))).toThrow(taken);
      expect(() => records().ports.reserve(tcp("web", 81, 8080))).toThrow(taken);
      expect(records().ports.of("api")).toEqual([{ ...tcp("api", 53, 8080), protocol: "udp" }]);
    });

    it("kept again are the same, or moved", () => {
      records().ports.reserve(tcp("web", 80, 8080));
      records().ports.reserve(tcp("web", 80, 8080));
      records().ports.reserve(tcp("web", 80, 9090));
      expect(records().ports.all()).toEqual([tcp("web", 80, 9090)]);
      records().ports.reserve(tcp("api", 80, 8080));
      expect(records().ports.of("api")).toEqual([tcp("api", 80, 8080)]);
    });

    it("given back are free for others", () => {
      records().ports.reserve(tcp("web", 80, 8080));
      records().ports.release("web", "tcp", 80);
      records().ports.release("web", "tcp", 80);
      records().ports.reserve(tcp("api", 443, 8080));
      expect(records().ports.all()).toEqual([tcp("api", 443, 8080)]);
    });

    it("are listed by instance, protocol and port, and only kept for an instance that is there", () => {
      records().ports.reserve(tcp("web", 443, 1));
      records().ports.reserve(tcp("web", 80, 2));
      records().ports.reserve(tcp("api", 9000, 3));
      expect(
        records()
          .ports.all()
          .map(({ hostPort }) => hostPort),
      ).toEqual([3, 2, 1]);
      expect(() => records().ports.reserve(tcp("absent", 80, 4))).toThrow(
        expect.objectContaining({ code: "not_found" }),
      );
    });
  });
}
