import { join } from "node:path";
import type { Log } from "@dockersnap/core";
import { isAlive, type ProcessIdentity } from "../process/identity.ts";
import { EngineCgroup, type Hierarchies } from "./cgroups/index.ts";
import type { EngineSettings } from "./configuration.ts";
import { type RuntimeFiles, readRecord, runtimeFiles } from "./runtime-files.ts";
import type { Supervision } from "./supervision/index.ts";

/** What all engines of this host share. */
export interface EngineEnvironment {
  readonly runDir: string;
  readonly dockerBinary: string;
  /** Of dockerd's process. */
  readonly environment: Readonly<Record<string, string>>;
  readonly settings: EngineSettings;
  readonly hierarchies: Hierarchies;
  readonly supervisions: Readonly<Record<Supervision["kind"], Supervision>>;
  /** For engines started from now on. */
  readonly supervision: Supervision;
  readonly log: Log;
}

/** Where one engine is found on this host, whether or not it is there. */
export interface Engine {
  readonly name: string;
  readonly files: RuntimeFiles;
  readonly supervision: Supervision;
  readonly group: EngineCgroup;
}

/** Found by its record where it has one, else where it would be started now. */
export function findEngine(environment: EngineEnvironment, name: string): Engine {
  const files = runtimeFiles(environment.runDir, name);
  const record = readRecord(files);
  const supervision = record === undefined ? environment.supervision : environment.supervisions[record.supervision];
  return { name, files, supervision, group: groupOf(environment, supervision, name) };
}

/** Its control groups under every kind of supervision: without a record nobody knows which one it had. */
export function possibleGroups(environment: EngineEnvironment, name: string): readonly EngineCgroup[] {
  return Object.values(environment.supervisions).map((supervision) => groupOf(environment, supervision, name));
}

function groupOf({ hierarchies }: EngineEnvironment, supervision: Supervision, name: string): EngineCgroup {
  return new EngineCgroup(hierarchies, join(supervision.cgroupParent, supervision.groupName(name)));
}

/** The init of its sandbox, if that lives. */
export function livingInit({ files }: Engine): ProcessIdentity | undefined {
  const record = readRecord(files);
  return record !== undefined && isAlive(record) ? { pid: record.pid, startTime: record.startTime } : undefined;
}
