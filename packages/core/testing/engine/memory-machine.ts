import type { Limits } from "@dockersnap/contract/words";
import type { EngineSpec } from "../../src/engine/engine.ts";
import { MemoryContainers, type MemoryDisk } from "./memory-containers.ts";

interface MemoryEngine {
  readonly spec: EngineSpec;
  readonly live: boolean;
  readonly frozen: boolean;
  /** Its dockerd is not there for a while. */
  readonly detached: boolean;
  readonly suspended: boolean;
  readonly limits: Limits;
  readonly memory: number | undefined;
}

/** What outlives one `MemoryEngines`, as a host's processes and disks outlive a daemon. */
export class MemoryMachine {
  readonly engines = new Map<string, MemoryEngine>();
  readonly containers: MemoryContainers;
  readonly disk: MemoryDisk | undefined;

  constructor(disk?: MemoryDisk) {
    this.containers = new MemoryContainers(disk);
    this.disk = disk;
  }

  /** The engine, where there is one that did not end by itself. */
  live(name: string): MemoryEngine | undefined {
    const engine = this.engines.get(name);
    return engine?.live === true ? engine : undefined;
  }

  /** An engine comes up, with the containers that are to run. */
  start(spec: EngineSpec): void {
    this.engines.set(spec.name, {
      spec,
      live: true,
      frozen: false,
      detached: false,
      suspended: false,
      limits: spec.limits ?? {},
      memory: undefined,
    });
    this.containers.look(spec.dataRoot);
    this.containers.restart(spec.dataRoot);
  }

  /** Change what is so of an engine, where there is one. */
  change(name: string, change: Partial<Omit<MemoryEngine, "live">>): void {
    const engine = this.engines.get(name);
    if (engine !== undefined) this.engines.set(name, { ...engine, ...change });
  }

  /** Whether there is a live engine of either name, which is called and kept as `spec` says then. */
  rename(from: string, spec: EngineSpec): boolean {
    const engine = this.engines.get(from) ?? this.engines.get(spec.name);
    if (engine?.live !== true) return false;
    this.containers.move(engine.spec.dataRoot, spec.dataRoot);
    this.engines.delete(from);
    this.engines.set(spec.name, { ...engine, spec });
    return true;
  }

  /** An engine ends with all its containers, and is still known to have been there. */
  crash(name: string): void {
    const engine = this.live(name);
    if (engine === undefined) return;
    this.containers.end(engine.spec.dataRoot);
    this.engines.set(name, { ...engine, live: false, frozen: false, detached: false, suspended: false });
  }

  /** An engine ends with all its containers, and nothing of it is left. */
  end(name: string): void {
    const engine = this.live(name);
    if (engine !== undefined) this.containers.end(engine.spec.dataRoot);
    this.engines.delete(name);
  }
}
