import { DockersnapError } from "@dockersnap/contract/words";
import type { ContainerFiles } from "@dockersnap/core";
import * as z from "zod";
import { mostJsonBytes } from "./bounds.ts";
import { json } from "./findings.ts";
import { Folder } from "./folder.ts";
import { LayerStore } from "./layers.ts";
import { digestPattern, hexPattern, word } from "./shapes.ts";

const layerdb = "image/overlay2/layerdb";
const imagedb = "image/overlay2/imagedb";

/** overlay2's short name of a layer: the name of a link to its files. */
const linkPattern = /^[0-9A-Z]{20,32}$/;
const mostLinkBytes = 64;

const Container = z.object({ Image: word, Name: word });

/** As dockerd writes it; inside a word the quotes would be escaped. */
const stopped = '"HasBeenManuallyStopped":true';

/** Likewise. */
const policy = /("RestartPolicy":\{"Name":)"(?:always|unless-stopped|on-failure)"/;

/** What a word that is the path of a socket begins with: alone, or with a place in the container behind it. */
const socket = /"(\/[^":\\]*\.sock)(?=[":])/g;

/** The files of containers in data-roots of dockerd with the storage driver overlay2. */
export function createContainerFiles(): ContainerFiles {
  return {
    async of(dataRoot, id) {
      await using root = await Folder.open(dataRoot);
      if (root === undefined || !hexPattern.test(id)) return [];
      const own = await present(root, [`containers/${id}`, `${layerdb}/mounts/${id}`]);
      const mount = await within(root, layerdb, (folder) => new LayerStore(folder).mount(id));
      if (mount === undefined) return own;
      const layers = [mount.mountId, ...(mount.initId === undefined ? [] : [mount.initId])];
      return [...own, ...(await Promise.all(layers.map((layer) => layerFiles(root, layer)))).flat()];
    },

    async missingBelow(from, id, to) {
      await using source = await Folder.open(from);
      await using target = await Folder.open(to);
      if (source === undefined || target === undefined || !hexPattern.test(id)) return [];
      const container = await within(source, `containers/${id}`, async (folder) =>
        Container.parse(await json(folder, "config.v2.json")),
      );
      const [image, layers] = await Promise.all([
        missingImage(source, target, container?.Image ?? ""),
        missingLayers(source, target, id, container?.Name.replace(/^\//, "") ?? id),
      ]);
      return [...image, ...layers];
    },

    async forgetStop(dataRoot, ids) {
      await using root = await Folder.open(dataRoot);
      for (const id of ids.filter((one) => hexPattern.test(one))) {
        await using folder = await root?.folder("containers", id);
        const text = await folder?.text("config.v2.json", mostJsonBytes);
        if (text?.includes(stopped))
          await folder?.replace("config.v2.json", text.replace(stopped, stopped.replace("true", "false")));
      }
    },

    async replaceSockets(dataRoot, isFormer, to) {
      await using root = await Folder.open(dataRoot);
      await using containers = await root?.folder("containers");
      const ids = ((await containers?.names()) ?? []).filter((one) => hexPattern.test(one));
      for (const id of ids) {
        await using folder = await containers?.folder(id);
        for (const file of ["hostconfig.json", "config.v2.json"]) {
          const text = await folder?.text(file, mostJsonBytes);
          const changed = text === undefined ? undefined : withSocket(text, isFormer, to);
          // Both name the same mounts, and most containers mount no socket.
          if (changed === undefined) break;
          await folder?.replace(file, changed);
        }
      }
    },

    async withholdRestart(dataRoot, ids) {
      await using root = await Folder.open(dataRoot);
      for (const id of ids.filter((one) => hexPattern.test(one))) {
        await using folder = await root?.folder("containers", id);
        const text = await folder?.text("hostconfig.json", mostJsonBytes);
        if (text !== undefined && policy.test(text))
          await folder?.replace("hostconfig.json", text.replace(policy, '$1"no"'));
      }
    },
  };
}

/** A container's configuration with other sockets in it; undefined where it stays as it is. */
function withSocket(text: string, isFormer: (path: string) => boolean, to: string): string | undefined {
  const changed = text.replace(socket, (whole, path: string) => (isFormer(path) ? `"${to}` : whole));
  return changed === text ? undefined : changed;
}

/** A folder of `overlay2` with the link to it. */
async function layerFiles(root: Folder, layer: string): Promise<readonly string[]> {
  const link = await within(root, `overlay2/${layer}`, (folder) => folder.text("link", mostLinkBytes));
  return [`overlay2/${layer}`, ...(link !== undefined && linkPattern.test(link) ? [`overlay2/l/${link}`] : [])];
}

async function missingImage(from: Folder, to: Folder, digest: string): Promise<readonly string[]> {
  if (!digestPattern.test(digest)) return [];
  const hex = digest.slice("sha256:".length);
  const content = `${imagedb}/content/sha256`;
  const has = (root: Folder) => within(root, content, async (folder) => (await folder.names()).includes(hex));
  if ((await has(to)) === true || (await has(from)) !== true) return [];
  return [`${content}/${hex}`, ...(await present(from, [`${imagedb}/metadata/sha256/${hex}`]))];
}

async function missingLayers(from: Folder, to: Folder, id: string, name: string): Promise<readonly string[]> {
  const mount = await within(from, layerdb, (folder) => new LayerStore(folder).mount(id));
  const chain = await within(from, layerdb, (folder) => new LayerStore(folder).chain(mount?.parent));
  const missing: string[] = [];
  for (const { chainId, cacheId } of chain ?? []) {
    const [there] = (await within(to, layerdb, (folder) => new LayerStore(folder).chain(chainId))) ?? [];
    if (there !== undefined && there.cacheId !== cacheId) {
      throw new DockersnapError(
        "wrong_state",
        `The image of container '${name}' was removed and pulled or built anew since, so the container cannot come back alone. Revert the whole instance, or clone the snapshot.`,
      );
    }
    if (there !== undefined || cacheId === undefined) continue;
    missing.push(`${layerdb}/sha256/${chainId.slice("sha256:".length)}`, ...(await layerFiles(from, cacheId)));
  }
  return missing;
}

/** Those of these folders that are there. */
async function present(root: Folder, paths: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(paths.map((path) => within(root, path, async () => path)));
  return found.filter((path) => path !== undefined);
}

/** What `read` gives for a folder below `root`; undefined when it is not there. */
async function within<T>(root: Folder, path: string, read: (folder: Folder) => Promise<T>): Promise<T | undefined> {
  await using folder = await root.folder(...path.split("/"));
  return folder === undefined ? undefined : await read(folder);
}
