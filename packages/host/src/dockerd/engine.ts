import { basename, join } from "node:path";
import type { Log } from "@dockersnap/core";
import { isAlive, type ProcessIdentity } from "../process/identity.ts";
import { EngineCgroup, type Hierarchies } from "./cgroups/index.ts";
import type { EngineSettings } from "./configuration.ts";
import { findRecord, type RuntimeFiles, readRecord, runtimeFiles } from "./runtime-files.ts";
import { fixedInside } from "./sandbox.ts";
import type { Supervision } from "./supervision/index.ts";

/** What all engines of this host share. */
export interface EngineEnvironment {
  readonly runDir: string;
  readonly dockerBinary: string;
  /** The major version of dockerd, asked for once; a version nobody can read counts as a new one. */
  dockerVersion(): Promise<number>;
  /** Looks whether a dockerd that was started is spared when memory runs out. */
  checkScore(instance: string, dockerd: ProcessIdentity): void;
  /** Of dockerd's process. */
  readonly environment: Readonly<Record<string, string>>;
  readonly settings: EngineSettings;
  /** What an engine without containers may take to come up on an idle machine. */
  readonly startTimeoutMs: number;
  isAnothers(name: string): boolean;
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
  /** The name it was started under, which its control groups and its unit keep. */
  readonly launchedAs: string;
  /** Whether its containers go on without dockerd. */
  readonly liveRestore: boolean;
  /** Where its dockerd reads its configuration, as seen inside. */
  readonly configurationInside: string;
}

/** Found by its record where it has one, else where it would be started now. */
export function findEngine(environment: EngineEnvironment, name: string): Engine {
  const files = runtimeFiles(environment.runDir, name);
  const record = readRecord(files);
  const supervision = record === undefined ? environment.supervision : environment.supervisions[record.supervision];
  const launchedAs = record?.launchedAs ?? name;
  return {
    name,
    files,
    supervision,
    group: groupOf(environment, supervision, launchedAs),
    launchedAs,
    liveRestore: record?.liveRestore ?? true,
    configurationInside: join(fixedInside.folder, basename(files.configuration)),
  };
}

/**
 * Its control groups under every kind of supervision: without a record nobody knows which one it had. None where an engine
 * that was started under this name goes by another now.
 */
export function possibleGroups(environment: EngineEnvironment, name: string): readonly EngineCgroup[] {
  const { launchedAs } = findEngine(environment, name);
  const groups = Object.values(environment.supervisions).map((one) => groupOf(environment, one, launchedAs));
  const present = groups.some((group) => group.exists());
  return present && renamedTo(environment, launchedAs, name) !== undefined ? [] : groups;
}

/** What the engine started under `launchedAs` is called now, if that is another name than `name`. */
export function renamedTo({ runDir }: EngineEnvironment, launchedAs: string, name: string): string | undefined {
  return findRecord(runDir, (record, other) => other !== name && record.launchedAs === launchedAs);
}

function groupOf({ hierarchies }: EngineEnvironment, supervision: Supervision, name: string): EngineCgroup {
  return new EngineCgroup(hierarchies, join(supervision.cgroupParent, supervision.groupName(name)));
}

/** The init of its sandbox, if that lives. */
export function livingInit({ files }: Engine): ProcessIdentity | undefined {
  const record = readRecord(files);
  return record !== undefined && isAlive(record) ? { pid: record.pid, startTime: record.startTime } : undefined;
}
