import type { StoredLayers } from "@dockersnap/core";
import type { Folder } from "./folder.ts";
import { digestPattern, layerPattern } from "./shapes.ts";

const mostIdBytes = 1024;

/** Docker allows some hundred. */
const mostLayers = 512;

/** Where dockerd keeps which folder of `overlay2` belongs to what: `image/overlay2/layerdb`. */
export class LayerStore {
  readonly #layerdb: Folder;
  readonly #known = new Map<string, Promise<Layer | undefined>>();

  constructor(layerdb: Folder) {
    this.#layerdb = layerdb;
  }

  /** Of a container; undefined where dockerd does not know it either. */
  async ofContainer(id: string): Promise<StoredLayers | undefined> {
    const mount = await this.mount(id);
    if (mount === undefined) return undefined;
    const { mountId, initId, parent } = mount;
    const init = initId === undefined ? [] : [filesOf(initId)];
    const image = await this.chain(parent);
    return {
      mountId,
      own: filesOf(mountId),
      below: [...init, ...image.flatMap(({ cacheId }) => (cacheId === undefined ? [] : [filesOf(cacheId)]))],
    };
  }

  /** What a container's file system is put together of; undefined where dockerd does not know it either. */
  async mount(id: string): Promise<Mount | undefined> {
    await using folder = await this.#layerdb.folder("mounts", id);
    if (folder === undefined) return undefined;
    const [mountId, initId, parent] = await Promise.all(
      ["mount-id", "init-id", "parent"].map((name) => folder.text(name, mostIdBytes)),
    );
    if (mountId === undefined || !layerPattern.test(mountId)) return undefined;
    return { mountId, initId: initId !== undefined && layerPattern.test(initId) ? initId : undefined, parent };
  }

  /** Bytes of a layer and all below it; undefined where one is missing. */
  async bytes(chainId: string): Promise<number | undefined> {
    const chain = await this.chain(chainId);
    return chain.length === 0 || chain.some(({ bytes }) => Number.isNaN(bytes))
      ? undefined
      : chain.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** A layer and all below it, topmost first. */
  async chain(chainId: string | undefined): Promise<Layer[]> {
    const chain: Layer[] = [];
    for (let next = chainId; next !== undefined && chain.length < mostLayers; ) {
      const layer: Layer | undefined = await this.#layer(next);
      if (layer === undefined) break;
      chain.push(layer);
      next = layer.parent;
    }
    return chain;
  }

  #layer(chainId: string): Promise<Layer | undefined> {
    if (!digestPattern.test(chainId)) return Promise.resolve(undefined);
    const known = this.#known.get(chainId) ?? this.#read(chainId);
    this.#known.set(chainId, known);
    return known;
  }

  async #read(chainId: string): Promise<Layer | undefined> {
    await using folder = await this.#layerdb.folder("sha256", chainId.slice("sha256:".length));
    if (folder === undefined) return undefined;
    const [cacheId = "", parent, size = ""] = await Promise.all(
      ["cache-id", "parent", "size"].map((name) => folder.text(name, mostIdBytes)),
    );
    return {
      chainId,
      cacheId: layerPattern.test(cacheId) ? cacheId : undefined,
      parent,
      bytes: /^\d{1,15}$/.test(size) ? Number(size) : Number.NaN,
    };
  }
}

interface Mount {
  /** The folder with what the container itself wrote. */
  readonly mountId: string;
  /** The folder with Docker's own files. */
  readonly initId: string | undefined;
  /** The topmost layer of its image. */
  readonly parent: string | undefined;
}

interface Layer {
  readonly chainId: string;
  /** Undefined where it cannot be a folder's name. */
  readonly cacheId: string | undefined;
  readonly parent: string | undefined;
  readonly bytes: number;
}

function filesOf(layer: string): string {
  return `overlay2/${layer}/diff`;
}
