import type { FileChange, TreeBounds } from "@dockersnap/core";

/** Some milliseconds each. */
const mostPrograms = 500;

/** What is left of a comparison's bounds. Once one is used up it stays so. */
export class Budget {
  readonly #bounds: TreeBounds;
  readonly #until: number;
  entries = 0;
  readBytes = 0;
  /** Something was taken for likely, because finding it out costs too much. */
  isUnsure = false;
  #listed = 0;
  #programs = 0;
  #over = false;

  constructor(bounds: TreeBounds) {
    this.#bounds = bounds;
    this.#until = performance.now() + bounds.ms;
  }

  /** Whether there is nothing left to look at further entries with. */
  get isSpent(): boolean {
    return this.#over;
  }

  /** Count one entry. */
  look(): void {
    this.entries += 1;
    if (this.entries >= this.#bounds.entries) this.#over = true;
    // The clock is dearer than most entries.
    else if (this.entries % 64 === 0) this.#checkTime();
  }

  /** Whether so many bytes may be read; then they count as read. */
  read(bytes: number): boolean {
    if (this.readBytes + bytes > this.#bounds.readBytes) return false;
    this.readBytes += bytes;
    this.#checkTime();
    return true;
  }

  /** Whether one more program may be started; then it counts. */
  startProgram(): boolean {
    this.#programs += 1;
    if (this.#programs <= mostPrograms) return true;
    this.isUnsure = true;
    return false;
  }

  /** Put a change on the list of its tree, while there is room. */
  list(changes: FileChange[], change: FileChange): void {
    if (changes.length >= this.#bounds.listedPerTree || this.#listed >= this.#bounds.listed) return;
    this.#listed += 1;
    changes.push(change);
  }

  #checkTime(): void {
    if (performance.now() > this.#until) this.#over = true;
  }
}
