import { createHash } from "node:crypto";
import type { AddressRange, Log, PoolLimits } from "@dockersnap/core";
import {
  createBtrfsStorage,
  createContainerFiles,
  createDataRootReader,
  createEngineHost,
  createNetwork,
  createPluginHost,
  createTreeComparer,
} from "@dockersnap/host";
import type { Config } from "../config/config.ts";

const defaultRunDir = "/run/dockersnap";

/** The host's side of everything the core needs, as the configuration wants it. Touches nothing until it is opened. */
export function createAdapters(config: Config, log: Log) {
  return {
    storage: createBtrfsStorage({
      ...(config.btrfs.path === undefined ? {} : { path: config.btrfs.path }),
      ...(config.btrfs.size === undefined ? {} : { sizeBytes: config.btrfs.size }),
      image: `${config.state_dir}/btrfs.img`,
      mountpoint: `${config.state_dir}/pool`,
    }),
    dataRoots: createDataRootReader(),
    trees: createTreeComparer(),
    containerFiles: createContainerFiles(),
    network: createNetwork({
      table: forwardsTable(config.run_dir),
      proxyBind: config.api.proxy_bind,
      dns: config.docker.dns,
      api: config.api.listen,
      log,
    }),
    engines: createEngineHost({
      runDir: config.run_dir,
      dockerBinary: config.docker.binary,
      supervision: "auto",
      startTimeoutMs: config.docker.start_timeout,
      logMaxSize: String(config.docker.log_max_size),
      logMaxFile: config.docker.log_max_file,
      engineOptions: config.docker.engine,
      proxy: config.docker.proxy,
      log,
    }),
    plugins: createPluginHost({
      dir: config.plugins.dir,
      timeouts: config.plugins.timeouts,
      logLevel: config.log_level,
      passedVariables: config.plugins.environment,
      compileCacheDir: `${config.state_dir}/compile-cache`,
      // No instance can be called so.
      callsDir: `${config.run_dir}/_calls`,
      pipesDir: `${config.run_dir}/_pipes`,
      log,
    }),
  };
}

export type Adapters = ReturnType<typeof createAdapters>;

export function addressRange({ network }: Config): AddressRange {
  return {
    baseOffset: network.base_offset,
    subnetSize: network.subnet_size,
    metallbHostOffset: network.metallb_host_offset,
  };
}

export function poolLimits({ storage }: Config): PoolLimits {
  return { warnAt: storage.warn_at / 100, reserve: storage.reserve };
}

/** Two daemons on one host, each with a run folder of its own, must not rewrite each other's forwards. */
export function forwardsTable(runDir: string): string {
  if (runDir === defaultRunDir) return "dockersnap";
  return `dockersnap_${createHash("sha256").update(runDir).digest("hex").slice(0, 8)}`;
}
