import { DockersnapError } from "@dockersnap/contract/words";
import type {
  ContainerFiles,
  DataRootContents,
  DataRootReader,
  StoredContainer,
  StoredNetwork,
  StoredVolume,
} from "../../src/content/data-root.ts";
import type { ContainerSummary } from "../../src/engine/engine.ts";
import type { MemoryDisk } from "../engine/memory-containers.ts";
import type { MemoryStorage } from "../storage/memory-storage.ts";

/** Where one container's description and its own files are in the storage. */
const described = (id: string) => `containers/${id}/config`;
const layer = (id: string) => `overlay2/${id}/diff`;

/**
 * Data-roots whose files are in a memory storage, so that they go where its snapshots and reverts take them: containers,
 * with their layers below `overlay2/<id>/diff`, and the images below `images/` that each needs; volumes with their files in
 * `volumes/<name>/_data`; networks. A test puts them in, and engines over it know what there is when they start.
 */
export class StoredDataRoots implements DataRootReader, ContainerFiles, MemoryDisk {
  /** Data-roots and ids of containers that dockerd leaves down when it starts, until they have a restart policy again. */
  readonly withheld = new Set<string>();
  readonly #storage: MemoryStorage;

  constructor(storage: MemoryStorage) {
    this.#storage = storage;
  }

  isFull(dataRoot: string): boolean {
    return this.#storage.isFull(dataRoot);
  }

  putContainer(dataset: string, container: StoredContainer): void {
    this.#put(dataset, described(container.id), container);
    this.#put(dataset, `images/${container.image}`, container.image);
  }

  putVolume(dataset: string, volume: StoredVolume): void {
    this.#put(dataset, `volumes/${volume.name}/opts`, volume);
  }

  putNetwork(dataset: string, network: StoredNetwork): void {
    this.#put(dataset, `networks/${network.name}`, network);
  }

  async read(dataRoot: string, signal: AbortSignal): Promise<DataRootContents> {
    signal.throwIfAborted();
    await Promise.resolve();
    const files = this.#files(dataRoot);
    if (!files.has("engine")) throw new DockersnapError("not_found", `No engine wrote anything to ${dataRoot}.`);
    return {
      containers: below<StoredContainer>(files, "containers"),
      images: [],
      volumes: below<StoredVolume>(files, "volumes"),
      networks: below<StoredNetwork>(files, "networks"),
      problems: [],
    };
  }

  async readMounts(dataRoot: string, signal: AbortSignal) {
    signal.throwIfAborted();
    await Promise.resolve();
    const files = this.#storage.tree(dataRoot) ?? new Map<string, Uint8Array>();
    return {
      containers: below<StoredContainer>(files, "containers"),
      volumes: below<StoredVolume>(files, "volumes"),
      problems: [],
    };
  }

  async of(dataRoot: string, id: string): Promise<readonly string[]> {
    const has = [...this.#files(dataRoot).keys()].includes(described(id));
    return has ? [`containers/${id}`, layer(id)] : [];
  }

  async missingBelow(from: string, id: string, to: string): Promise<readonly string[]> {
    const image = `images/${this.#container(from, id)?.image}`;
    return this.#files(to).has(image) ? [] : [image];
  }

  async forgetStop(): Promise<void> {
    await Promise.resolve();
  }

  async withholdRestart(dataRoot: string, ids: readonly string[]): Promise<void> {
    await Promise.resolve();
    for (const id of ids) this.withheld.add(`${dataRoot} ${id}`);
  }

  async replaceSockets(dataRoot: string, isFormer: (path: string) => boolean, to: string): Promise<void> {
    const dataset = dataRoot.split("/").at(-1) ?? "";
    const { containers } = await this.readMounts(dataRoot, new AbortController().signal);
    for (const container of containers) {
      if (!container.mounts.some(({ source }) => isFormer(source))) continue;
      const mounts = container.mounts.map((mount) => (isFormer(mount.source) ? { ...mount, source: to } : mount));
      this.#put(dataset, described(container.id), { ...container, mounts });
    }
  }

  containers(dataRoot: string): readonly ContainerSummary[] | undefined {
    const files = this.#files(dataRoot);
    if (!files.has("engine")) return undefined;
    return below<StoredContainer>(files, "containers").map(({ id, name, imageName, state, labels, mounts }) => ({
      ...{ id, name, image: imageName, state, labels, ports: [] },
      mounts: mounts.map(({ type, source, destination }) => ({ type, source, destination })),
    }));
  }

  setState(dataRoot: string, id: string, state: string): void {
    const container = this.#container(dataRoot, id);
    const dataset = dataRoot.split("/").at(-1) ?? "";
    if (container !== undefined) this.#put(dataset, described(id), { ...container, state });
  }

  #put(dataset: string, file: string, value: unknown): void {
    this.#storage.write(dataset, "engine", Buffer.from("dockerd"));
    this.#storage.write(dataset, file, Buffer.from(JSON.stringify(value)));
  }

  #container(dataRoot: string, id: string): StoredContainer | undefined {
    const file = this.#files(dataRoot).get(described(id));
    return file === undefined ? undefined : (JSON.parse(Buffer.from(file).toString()) as StoredContainer);
  }

  #files(dataRoot: string): ReadonlyMap<string, Uint8Array> {
    const files = this.#storage.tree(dataRoot);
    if (files === undefined) throw new DockersnapError("not_found", `There is no data-root ${dataRoot}.`);
    return files;
  }
}

function below<T extends { readonly name: string }>(files: ReadonlyMap<string, Uint8Array>, folder: string): T[] {
  return [...files]
    .filter(([file]) => file.startsWith(`${folder}/`) && !file.includes("/_data/"))
    .map(([, bytes]) => JSON.parse(Buffer.from(bytes).toString()) as T)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
