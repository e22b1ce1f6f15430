import { DockersnapError } from "@dockersnap/contract/words";

/** What the next calls of a fake's methods are to fail with. */
export class Failures<Method extends string> {
  readonly #next = new Map<Method, Error[]>();

  /** Several for one method add up, first come first served. */
  add(method: Method, error: Error = new DockersnapError("internal", `${method} was made to fail.`)): void {
    this.#next.set(method, [...(this.#next.get(method) ?? []), error]);
  }

  /** A call of the method begins: throw what it is to fail with. */
  meet(method: Method): void {
    const failure = this.#next.get(method)?.shift();
    if (failure !== undefined) throw failure;
  }
}
