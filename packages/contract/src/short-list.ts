/** Nobody reads more problems at once than these, nor more text. */
const mostEntries = 20;
const mostCharacters = 8_192;

/** A list for people that hostile input cannot make long: entries beyond its bounds are counted, and never even made. */
export class ShortList<T> {
  readonly #entries: T[] = [];
  readonly #lengthOf: (entry: T) => number;
  #omitted = 0;
  #characters = 0;

  constructor(lengthOf: (entry: T) => number) {
    this.#lengthOf = lengthOf;
  }

  /** The first entries, in their order. */
  get entries(): readonly T[] {
    return this.#entries;
  }

  /** How many more there were. */
  get omitted(): number {
    return this.#omitted;
  }

  get count(): number {
    return this.#entries.length + this.#omitted;
  }

  add(make: () => T): void {
    if (this.#entries.length >= mostEntries || this.#characters >= mostCharacters) {
      this.#omitted += 1;
      return;
    }
    const entry = make();
    this.#entries.push(entry);
    this.#characters += this.#lengthOf(entry);
  }
}
