import type { ContainerSummary, ContainerVitals } from "../../src/engine/engine.ts";

/** Where a machine's engines keep their containers. */
export interface MemoryDisk {
  /** What an engine finds there when it starts; undefined where no engine wrote anything down yet. */
  containers(dataRoot: string): readonly ContainerSummary[] | undefined;
  setState(dataRoot: string, id: string, state: string): void;
  /** Containers whose restart policies were taken out of dockerd's files, by data-root and id. */
  readonly withheld: Set<string>;
  /** Nothing can be written there, so that dockerd does not come up. */
  isFull(dataRoot: string): boolean;
}

/** Containers by the data-root they are in. What becomes of them is written to the disk, where there is one. */
export class MemoryContainers {
  readonly #disk: MemoryDisk | undefined;
  readonly #in = new Map<string, readonly ContainerSummary[]>();
  readonly #vitals = new Map<string, Partial<ContainerVitals>>();

  constructor(disk?: MemoryDisk) {
    this.#disk = disk;
  }

  in(dataRoot: string): readonly ContainerSummary[] {
    return this.#in.get(dataRoot) ?? [];
  }

  /** Let a data-root have these, whatever its disk says. */
  replace(dataRoot: string, containers: readonly ContainerSummary[]): void {
    this.#in.set(dataRoot, containers);
  }

  /** A data-root is found at another path. */
  move(from: string, to: string): void {
    const containers = this.#in.get(from);
    this.#in.delete(from);
    if (containers !== undefined) this.#in.set(to, containers);
  }

  vitals(dataRoot: string, id: string): ContainerVitals | undefined {
    const found = this.in(dataRoot).find((container) => container.id === id);
    if (found === undefined) return undefined;
    const usual = {
      restartPolicy: "always",
      restartRetries: 0,
      autoRemove: false,
      state: found.state,
      health: undefined,
      startedAt: "",
      restartCount: 0,
      error: "",
    };
    return { ...usual, ...this.#vitals.get(id) };
  }

  setVitals(id: string, vitals: Partial<ContainerVitals>): void {
    this.#vitals.set(id, vitals);
  }

  setRestartPolicy(dataRoot: string, id: string, restartPolicy: string, restartRetries: number): void {
    this.#disk?.withheld.delete(`${dataRoot} ${id}`);
    this.#vitals.set(id, { ...this.#vitals.get(id), restartPolicy, restartRetries });
  }

  /** Whether the data-root has the container, which is in that state then. */
  setState(dataRoot: string, id: string, state: string): boolean {
    const containers = this.in(dataRoot);
    if (!containers.some((container) => container.id === id)) return false;
    this.#put(
      dataRoot,
      containers.map((container) => (container.id === id ? { ...container, state } : container)),
    );
    return true;
  }

  /** Their engine ended. */
  end(dataRoot: string): void {
    const isUp = ({ state }: ContainerSummary) => ["running", "paused", "restarting"].includes(state);
    this.#put(
      dataRoot,
      this.in(dataRoot).map((container) => (isUp(container) ? { ...container, state: "exited" } : container)),
    );
  }

  /** What dockerd finds when it starts. Those that ran before it ended alone run on; others were ended with their engine. */
  look(dataRoot: string): void {
    const found = this.#disk?.containers(dataRoot);
    if (found === undefined) return;
    const known = new Map(this.in(dataRoot).map((container) => [container.id, container]));
    this.#put(
      dataRoot,
      found.map((container) => known.get(container.id) ?? { ...container, state: "exited" }),
    );
  }

  /** What dockerd starts with itself. */
  restart(dataRoot: string): void {
    const isToRun = ({ id, state }: ContainerSummary) =>
      state === "exited" &&
      (this.#vitals.get(id)?.restartPolicy ?? "always") !== "no" &&
      this.#disk?.withheld.has(`${dataRoot} ${id}`) !== true;
    this.#put(
      dataRoot,
      this.in(dataRoot).map((one) => (isToRun(one) ? { ...one, state: "running" } : one)),
    );
  }

  #put(dataRoot: string, containers: readonly ContainerSummary[]): void {
    this.#in.set(dataRoot, containers);
    for (const { id, state } of containers) this.#disk?.setState(dataRoot, id, state);
  }
}
