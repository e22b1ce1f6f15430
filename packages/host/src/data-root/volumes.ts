import type { StoredVolume } from "@dockersnap/core";
import * as z from "zod";
import { readBolt } from "./bolt-file.ts";
import type { Findings } from "./findings.ts";
import type { Folder } from "./folder.ts";
import { pairs, volumePattern, word } from "./shapes.ts";

const Volume = z.object({ Driver: word, Labels: pairs, Options: pairs });

/** Of `volumes`: the folders there are, and what dockerd knows of them and of those that are elsewhere. */
export async function readVolumes(volumes: Folder, findings: Findings): Promise<StoredVolume[]> {
  const known = await findings.attempt("The list of volumes", () => readBolt(volumes, "metadata.db", "volumes"));
  const names = new Set([...(await volumes.names()), ...(known?.keys() ?? [])]);
  return findings.each("volume", [...names], volumePattern, async (name): Promise<StoredVolume | undefined> => {
    const value = known?.get(name);
    await using files = await volumes.folder(name, "_data");
    const { Driver, Labels, Options } = Volume.parse(value === undefined ? {} : JSON.parse(value.toString()));
    const driver = Driver === "" ? "local" : Driver;
    // dockerd's own list keeps the names of local volumes whose folders went while it was away; it has none of them.
    if (driver === "local" && files === undefined) return undefined;
    return {
      name,
      driver,
      labels: Labels ?? {},
      options: Options ?? {},
      ...(files === undefined ? {} : { folder: `volumes/${name}/_data` }),
    };
  });
}
