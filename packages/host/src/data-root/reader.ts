import { DockersnapError } from "@dockersnap/contract/words";
import type { DataRootContents, DataRootReader, StoredContainer } from "@dockersnap/core";
import { compare, parseContainer } from "./container.ts";
import { Findings, json } from "./findings.ts";
import { Folder } from "./folder.ts";
import { readImages } from "./images.ts";
import { LayerStore } from "./layers.ts";
import { readNetworks } from "./networks.ts";
import { hexPattern } from "./shapes.ts";
import { readVolumes } from "./volumes.ts";

/**
 * Reads data-roots of dockerd with the storage driver overlay2, from `containers`, `image`, `volumes` and `network`. One that
 * an engine is at work on is read as it is from moment to moment; dockerd puts each of its files in place whole.
 */
export function createDataRootReader(): DataRootReader {
  return {
    async read(dataRoot, signal) {
      signal.throwIfAborted();
      await using root = await Folder.open(dataRoot);
      if (root === undefined) throw new DockersnapError("not_found", `There is no data-root ${dataRoot}.`);
      return await readContents(root, new Findings(signal));
    },

    async readMounts(dataRoot, signal) {
      signal.throwIfAborted();
      await using root = await Folder.open(dataRoot);
      const findings = new Findings(signal);
      const [containers, volumes] = await Promise.all([
        list(root, ["containers"], (folder) => readContainers(folder, undefined, findings)),
        list(root, ["volumes"], (folder) => readVolumes(folder, findings)),
      ]);
      return {
        containers: containers.toSorted(byName),
        volumes: volumes.toSorted(byName),
        problems: findings.problems.toSorted(),
      };
    },
  };
}

async function readContents(root: Folder, findings: Findings): Promise<DataRootContents> {
  await using layerdb = await root.folder("image", "overlay2", "layerdb");
  const layers = layerdb === undefined ? undefined : new LayerStore(layerdb);
  const [containers, images, volumes, networks] = await Promise.all([
    list(root, ["containers"], (folder) => readContainers(folder, layers, findings)),
    list(root, ["image", "overlay2"], (folder) => readImages(folder, layers, findings)),
    list(root, ["volumes"], (folder) => readVolumes(folder, findings)),
    list(root, ["network", "files"], (folder) => readNetworks(folder, findings)),
  ]);
  return {
    containers: containers.toSorted(byName),
    images: images.toSorted((a, b) => compare(a.tags[0] ?? "~", b.tags[0] ?? "~") || compare(a.id, b.id)),
    volumes: volumes.toSorted(byName),
    networks: networks.toSorted(byName),
    problems: findings.problems.toSorted(),
  };
}

/** What `read` finds in a folder below `root`; nothing where it is not there. */
async function list<T>(
  root: Folder | undefined,
  path: readonly string[],
  read: (folder: Folder) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  await using folder = await root?.folder(...path);
  return folder === undefined ? [] : await read(folder);
}

async function readContainers(
  containers: Folder,
  layers: LayerStore | undefined,
  findings: Findings,
): Promise<readonly StoredContainer[]> {
  return findings.each("container", await containers.names(), hexPattern, async (id) => {
    await using folder = await containers.folder(id);
    const configuration = folder === undefined ? undefined : await json(folder, "config.v2.json");
    // One that is being created, or removed.
    if (folder === undefined || configuration === undefined) return undefined;
    const container = parseContainer(configuration, await json(folder, "hostconfig.json"));
    if (container.id !== id) throw new Error("its configuration is another container's");
    const own = await layers?.ofContainer(id);
    return { ...container, ...(own === undefined ? {} : { layers: own }) };
  });
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return compare(a.name, b.name);
}
