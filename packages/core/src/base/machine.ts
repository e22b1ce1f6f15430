/** How much of this machine is to be had at one moment. */
export interface MachineState {
  /** The share of all processor time that nobody used lately; 0 to 1. */
  readonly idle: number;
  /** Bytes that programs can have without anything being swapped out. */
  readonly availableMemory: number;
}

/** The machine that everything runs on. */
export interface Machine {
  readonly processors: number;
  look(): MachineState;
}
