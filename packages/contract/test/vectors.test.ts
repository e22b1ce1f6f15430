import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import * as contract from "../src/index.ts";

/** What goes over the wire as a whole. Shapes that only stand inside these are tried with them. */
const messages = {
  plugin: [
    "AccessResponse",
    "DescribeResponse",
    "ErrorEnvelope",
    "HealthResponse",
    "PluginInput",
    "PluginLogLine",
    "ProgressEvent",
    "SchemaResponse",
    "ValidateResponse",
  ],
  api: [
    "Access",
    "ApiError",
    "CloneRequest",
    "CreateInstanceRequest",
    "DaemonEvent",
    "DaemonHealth",
    "Diff",
    "History",
    "Instance",
    "InstanceChange",
    "InstancePorts",
    "InstanceUsage",
    "Ok",
    "Operation",
    "PluginInfo",
    "PoolGrowRequest",
    "PoolRoom",
    "RevertChanged",
    "RevertRequest",
    "Schedule",
    "ScheduleRequest",
    "Snapshot",
    "SnapshotChange",
    "SnapshotCreated",
    "SnapshotRequest",
    "Standby",
    "StandbyRequest",
    "SweepResult",
    "Verification",
    "VerifyRequest",
    "WorkloadAnswer",
    "WorkloadDescription",
    "WorkloadHealth",
    "WorkloadRequest",
  ],
} as const;

const Vectors = z.array(z.strictObject({ name: z.string(), valid: z.boolean(), value: z.unknown() }));
const folder = (group: string) => join(import.meta.dirname, "../vectors", group);

describe.each(Object.entries(messages))("vectors of the %s", (group, shapes) => {
  it("are there for every message, and for nothing else", () => {
    expect(readdirSync(folder(group)).sort()).toEqual(shapes.map((shape) => `${shape}.json`));
  });

  describe.each(shapes)("%s", (shape) => {
    const vectors = Vectors.parse(JSON.parse(readFileSync(join(folder(group), `${shape}.json`), "utf8")));
    // biome-ignore lint/performance/noDynamicNamespaceImportAccess: the vectors' files are named after the exports
    const schema: z.ZodType = contract[shape];

    it.each(vectors.filter(({ valid }) => valid))("takes $name", ({ value }) => {
      expect(schema.safeParse(value).error?.issues).toBeUndefined();
    });

    it.each(vectors.filter(({ valid }) => !valid))("refuses $name", ({ value }) => {
      expect(schema.safeParse(value).success).toBe(false);
    });

    it("has vectors of both kinds", () => {
      expect(new Set(vectors.map(({ valid }) => valid)).size).toBe(2);
    });
  });
});

it("takes no part of a message for its prototype", () => {
  const access = contract.AccessResponse.parse(JSON.parse('{"env":{"__proto__":"x","constructor":"y"}}'));
  expect(Object.getPrototypeOf(access.env)).toBe(Object.prototype);
  const input = contract.Tags.safeParse(JSON.parse('{"__proto__":"x"}'));
  expect(Object.getPrototypeOf(input.data ?? {})).toBe(Object.prototype);
});
