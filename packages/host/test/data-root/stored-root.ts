import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../src/process/run.ts";

/**
 * A data-root that dockerd 20.10 left with two containers, two images, two volumes and a network of its own in it, without
 * the files of layers.
 */
export async function storedRoot() {
  const folder = await mkdtemp(join(tmpdir(), "ds-root-"));
  const path = join(folder, "root");
  await mkdir(path);
  await run("tar", ["-xzf", join(import.meta.dirname, "docker-20.10.tar.gz"), "-C", path]);
  const [first = "", second = ""] = (await readdir(join(path, "containers"))).sort();
  return {
    path,
    /** The ids of `web` and `made`. */
    ids: { web: first, made: second },
    at: (...names: string[]) => join(path, ...names),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
