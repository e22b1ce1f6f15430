import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StepMoment } from "@dockersnap/core";

/**
 * What is to happen to an operation at one moment of one step. `fail` makes the step fail there, `hold` keeps the
 * operation there for good until the daemon is killed, `kill` ends the daemon with SIGKILL, whatever else it is doing.
 */
export interface Fault {
  readonly step: string;
  readonly moment: StepMoment;
  readonly act: "fail" | "hold" | "kill";
}

/**
 * The faults waiting for the operations of each instance, in files that outlive the daemon they kill. The first of an
 * instance's faults that fits a moment is taken off the list and happens; listed three times, it happens three times.
 */
export class FaultFiles {
  readonly dir: string;

  constructor(worldDir: string) {
    this.dir = join(worldDir, "faults");
    mkdirSync(this.dir, { recursive: true });
  }

  set(instance: string, faults: readonly Fault[]): void {
    writeFileSync(join(this.dir, instance), JSON.stringify(faults));
  }

  /** Those that have not happened yet. */
  waiting(instance: string): readonly Fault[] {
    try {
      return JSON.parse(readFileSync(join(this.dir, instance), "utf8"));
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
      throw error;
    }
  }

  /** The fault that is to happen now, which is then waiting no more. */
  take(instance: string, step: string, moment: StepMoment): Fault | undefined {
    const faults = this.waiting(instance);
    const fault = faults.find((each) => each.step === step && each.moment === moment);
    if (fault === undefined) return undefined;
    this.set(
      instance,
      faults.filter((each) => each !== fault),
    );
    return fault;
  }

  clear(): void {
    for (const file of readdirSync(this.dir)) rmSync(join(this.dir, file));
  }

  /** The operation of this instance is being held now. */
  markHeld(instance: string): void {
    writeFileSync(join(this.dir, `${instance}.held`), "");
  }

  held(): readonly string[] {
    return readdirSync(this.dir)
      .filter((file) => file.endsWith(".held"))
      .map((file) => file.replace(/\.held$/, ""));
  }
}
