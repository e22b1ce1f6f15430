import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createAdapters, createLog, identityOf, loadConfig } from "@dockersnap/daemon";
import { closeBtrfsPool, run } from "@dockersnap/host";

/**
 * Take away everything the daemon of this configuration has on the machine, whatever state it died in. Only instances
 * whose names begin with `prefix` are touched: namespaces and control groups of all daemons share one host.
 */
export async function destroyWorld(configFile: string, prefix: string): Promise<void> {
  endDaemons(configFile);
  if (neverBegan(configFile)) return;
  const { config } = loadConfig({ file: configFile, environment: {} });
  const { engines, network } = createAdapters(config, createLog({ level: "error" }));
  const ours = (names: readonly string[]) => names.filter((name) => name.startsWith(prefix));
  for (const name of ours(await engines.list())) await engines.kill(name);
  for (const name of ours(await network.list())) await network.remove(name);
  const { table } = identityOf(config);
  const { stdout } = await run("nft", ["list", "tables"]);
  if (stdout.split("\n").includes(`table ip ${table}`)) await run("nft", ["delete", "table", "ip", table]);
  await closeBtrfsPool({ image: `${config.state_dir}/btrfs.img`, mountpoint: `${config.state_dir}/pool` });
  rmSync(config.run_dir, { recursive: true, force: true });
  rmSync(config.state_dir, { recursive: true, force: true });
  await untilDetached(`${config.state_dir}/btrfs.img`);
}

/** A daemon that refused its configuration made nothing, and the configuration is refused here too. */
function neverBegan(configFile: string): boolean {
  const { state_dir, run_dir } = JSON.parse(readFileSync(configFile, "utf8")) as Record<
    "state_dir" | "run_dir",
    string
  >;
  if (existsSync(join(state_dir, "btrfs.img"))) return false;
  for (const folder of [run_dir, state_dir]) rmSync(folder, { recursive: true, force: true });
  return true;
}

/**
 * Engines of other worlds were started with this pool mounted, and have it on in their own mount namespaces. Where mounts are
 * not propagated, the kernel takes it from them when its folder is removed, and lets the device go some time after that.
 */
async function untilDetached(image: string): Promise<void> {
  for (let look = 0; look < 500; look += 1) {
    const { stdout } = await run("losetup", ["--all", "--noheadings", "--output", "BACK-FILE"]);
    if (!stdout.includes(image)) return;
    await pause(10);
  }
}

/** A run that was killed leaves its daemon, which is in a process group of its own. */
function endDaemons(configFile: string): void {
  for (const pid of readdirSync("/proc").map(Number).filter(Number.isInteger)) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      if (words.includes("serve") && words.includes(configFile)) process.kill(pid, "SIGKILL");
    } catch {
      // It ended while it was looked at.
    }
  }
}
