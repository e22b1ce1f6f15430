import { DockersnapError } from "@dockersnap/contract/words";
import type { DataRootContents, DataRootReader } from "../../src/content/data-root.ts";

const nothing = { containers: [], volumes: [], problems: [] };

/** Data-roots as a test lays them out, by their paths. One that was not laid out is read from `others`, or not found. */
export class MemoryDataRoots implements DataRootReader {
  readonly #contents = new Map<string, DataRootContents>();

  readonly #others: DataRootReader | undefined;

  constructor(others?: DataRootReader) {
    this.#others = others;
  }

  set(dataRoot: string, contents: Partial<DataRootContents>): void {
    this.#contents.set(dataRoot, { containers: [], images: [], volumes: [], networks: [], problems: [], ...contents });
  }

  async readMounts(dataRoot: string, signal: AbortSignal) {
    try {
      const { containers, volumes, problems } = await this.read(dataRoot, signal);
      return { containers, volumes, problems };
    } catch (error) {
      if (error instanceof DockersnapError && error.code === "not_found") return nothing;
      throw error;
    }
  }

  async read(dataRoot: string, signal: AbortSignal): Promise<DataRootContents> {
    signal.throwIfAborted();
    await Promise.resolve();
    const contents = this.#contents.get(dataRoot);
    if (contents === undefined && this.#others !== undefined) return this.#others.read(dataRoot, signal);
    if (contents === undefined) throw new DockersnapError("not_found", `There is no data-root ${dataRoot}.`);
    return contents;
  }
}
