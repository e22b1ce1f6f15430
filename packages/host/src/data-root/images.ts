import { createHash } from "node:crypto";
import type { StoredImage } from "@dockersnap/core";
import * as z from "zod";
import { mostListBytes } from "./bounds.ts";
import { type Findings, json } from "./findings.ts";
import type { Folder } from "./folder.ts";
import type { LayerStore } from "./layers.ts";
import { digestPattern, hexPattern, word } from "./shapes.ts";

const Repositories = z.object({ Repositories: z.record(z.string(), z.record(z.string(), z.string())) });

const Image = z.object({
  created: word,
  rootfs: z.object({ diff_ids: z.array(z.string()).nullish() }).catch({ diff_ids: undefined }),
});

/** Of `image/overlay2`. */
export async function readImages(images: Folder, layers: LayerStore | undefined, findings: Findings) {
  const named = await findings.attempt("The list of image names", () => readNames(images));
  await using content = await images.folder("imagedb", "content", "sha256");
  if (content === undefined) return [];
  return await findings.each("image", await content.names(), hexPattern, async (hex): Promise<StoredImage> => {
    const id = `sha256:${hex}`;
    const { created, rootfs } = Image.parse(await json(content, hex));
    const bytes = await layers?.bytes(chainOf(rootfs.diff_ids ?? []));
    return {
      id,
      ...(named?.get(id) ?? { tags: [], repoDigests: [] }),
      ...(created === "" ? {} : { createdAt: created }),
      ...(bytes === undefined ? {} : { bytes }),
    };
  });
}

/** `repositories.json`: the names of each image. */
async function readNames(images: Folder): Promise<Map<string, { tags: string[]; repoDigests: string[] }>> {
  const names = new Map<string, { tags: string[]; repoDigests: string[] }>();
  const file = await json(images, "repositories.json", mostListBytes);
  if (file === undefined) return names;
  const parsed = Repositories.safeParse(file);
  if (!parsed.success) throw new Error("it has a form dockersnap does not know");
  for (const references of Object.values(parsed.data.Repositories)) {
    for (const [name, id] of Object.entries(references)) {
      if (!digestPattern.test(id)) continue;
      const of = names.get(id) ?? { tags: [], repoDigests: [] };
      (name.includes("@") ? of.repoDigests : of.tags).push(name);
      names.set(id, of);
    }
  }
  for (const of of names.values()) {
    of.tags.sort();
    of.repoDigests.sort();
  }
  return names;
}

/** The id of an image's topmost layer: each is known by a digest over all those below it. */
function chainOf([first = "", ...rest]: readonly string[]): string {
  return rest.reduce(
    (chain, layer) => `sha256:${createHash("sha256").update(`${chain} ${layer}`).digest("hex")}`,
    first,
  );
}
