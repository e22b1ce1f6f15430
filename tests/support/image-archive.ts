import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { busyboxArchive } from "../../plugins/echo/busybox.ts";
import { tar } from "../../plugins/echo/tar.ts";

const architectures: Partial<Record<string, string>> = { x64: "amd64" };

/** What of an image says how it is run. */
export interface RuntimeConfig {
  readonly Entrypoint?: readonly string[];
}

/** An image of one layer, a tar, as Docker describes it. */
export const imageConfig = (layer: Buffer, runtime: RuntimeConfig) => ({
  architecture: architectures[process.arch] ?? process.arch,
  os: "linux",
  config: runtime,
  rootfs: { type: "layers", diff_ids: [`sha256:${createHash("sha256").update(layer).digest("hex")}`] },
});

/** Writes what `docker save` would of an image called `tag` with this host's static busybox in it. */
export async function writeImageArchive(path: string, tag: string): Promise<void> {
  const archive = await busyboxArchive();
  if (archive === undefined) throw new Error("This host has no static busybox; install busybox-static.");
  const layer = await buffer(archive);
  const config = imageConfig(layer, {});
  const manifest = [{ Config: "config.json", RepoTags: [tag], Layers: ["layer.tar"] }];
  const files = { "manifest.json": JSON.stringify(manifest), "config.json": JSON.stringify(config) };
  const entries = Object.entries(files).map(([name, text]) => ({
    path: name,
    mode: 0o644,
    content: Buffer.from(text),
  }));
  writeFileSync(path, tar([...entries, { path: "layer.tar", mode: 0o644, content: layer }]));
}
