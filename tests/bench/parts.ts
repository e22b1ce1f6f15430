import { clone, createAndDelete, revert, snapshot, stopAndStart } from "./acts.ts";
import { commandLine } from "./command-line.ts";
import { diff } from "./diff.ts";
import { diskLimits } from "./disk-limits.ts";
import { fanOut } from "./fan-out.ts";
import { idle } from "./idle.ts";
import { liveSnapshot } from "./live-snapshot.ts";
import { manySnapshots } from "./many-snapshots.ts";
import type { Measurement } from "./measurement.ts";
import { nestedTrees } from "./nested-trees.ts";
import { outage } from "./outage.ts";
import { plugins } from "./plugins.ts";
import { size } from "./size.ts";
import type { Stage, StageMaker, WorldMaker } from "./stage.ts";
import { standby } from "./standby.ts";
import { throughput } from "./throughput.ts";

type Measured = Promise<readonly Measurement[]>;

/** What `--only` takes by its name. Those on the shared stage have one daemon and one bare script for all of them. */
export type Part = {
  readonly name: string;
  /** The table its lines stand in. */
  readonly topic: "Instances" | "Snapshots under load" | "Time travel" | "Plugins" | "Command line and daemon";
} & (
  | { readonly of: "shared"; readonly measure: (stage: Stage) => Measured }
  | { readonly of: "stage"; readonly measure: (make: StageMaker) => Measured }
  | { readonly of: "world"; readonly measure: (make: WorldMaker, runs: number) => Measured }
);

export const parts: readonly Part[] = [
  { name: "create", topic: "Instances", of: "shared", measure: createAndDelete },
  { name: "snapshot", topic: "Instances", of: "shared", measure: snapshot },
  { name: "revert", topic: "Instances", of: "shared", measure: revert },
  { name: "clone", topic: "Instances", of: "shared", measure: clone },
  { name: "start", topic: "Instances", of: "shared", measure: stopAndStart },
  { name: "live", topic: "Snapshots under load", of: "shared", measure: liveSnapshot },
  { name: "nested", topic: "Snapshots under load", of: "shared", measure: nestedTrees },
  { name: "outage", topic: "Instances", of: "shared", measure: outage },
  { name: "throughput", topic: "Instances", of: "shared", measure: throughput },
  { name: "fan-out", topic: "Time travel", of: "shared", measure: fanOut },
  { name: "standby", topic: "Time travel", of: "shared", measure: standby },
  { name: "cli", topic: "Command line and daemon", of: "shared", measure: commandLine },
  { name: "size", topic: "Time travel", of: "stage", measure: size },
  { name: "many-snapshots", topic: "Time travel", of: "stage", measure: manySnapshots },
  { name: "disk-limits", topic: "Time travel", of: "world", measure: diskLimits },
  { name: "diff", topic: "Time travel", of: "world", measure: diff },
  { name: "plugins", topic: "Plugins", of: "world", measure: plugins },
  { name: "idle", topic: "Command line and daemon", of: "world", measure: idle },
];
