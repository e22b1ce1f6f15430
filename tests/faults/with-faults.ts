import { join } from "node:path";
import { findStrays, type Stray } from "@dockersnap/core";
import { createAdapters, createLog, loadConfig } from "@dockersnap/daemon";
import { viewRecords } from "@dockersnap/host";
import { repository } from "../support/repository.ts";
import type { World, WorldOptions } from "../support/world.ts";

/** A world's daemon to whose operations faults happen. */
export const daemonWithFaults: WorldOptions = {
  daemon: [process.execPath, join(repository, "tests/faults/daemon.ts")],
  // Most of a start from the sources is compiling them.
  environment: { NODE_COMPILE_CACHE: join(repository, "node_modules/.cache/faults") },
};

/** What the daemon's own look at the machine finds to belong to nobody. */
export async function straysOf(world: World): Promise<readonly Stray[]> {
  const { config } = loadConfig({ file: world.configFile, environment: {} });
  const records = viewRecords({ path: join(config.state_dir, "records.db") });
  if (records === undefined) throw new Error("The world has no records.");
  try {
    const strays = await findStrays({ ...createAdapters(config, createLog({ level: "error" })), records });
    // Control groups are the machine's, and other worlds have theirs beside ours.
    return strays.filter(({ instance }) => instance.startsWith(world.name("")));
  } finally {
    records.close();
  }
}
