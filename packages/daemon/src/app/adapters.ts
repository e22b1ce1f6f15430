import { join } from "node:path";
import type { AddressRange, EngineHost, Log, PoolLimits } from "@dockersnap/core";
import {
  createBtrfsStorage,
  createContainerFiles,
  createDataRootReader,
  createEngineHost,
  createNetwork,
  createPluginHost,
  createTreeComparer,
  isClaimedByAnother,
} from "@dockersnap/host";
import type { Config } from "../config/config.ts";
import { identityOf } from "./identity.ts";
import { ownFolders } from "./run-dir.ts";

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
      table: identityOf(config).table,
      proxyBind: config.api.proxy_bind,
      dns: config.docker.dns,
      api: config.api.listen,
      log,
    }),
    engines: createEngines(config, config.run_dir, log),
    plugins: createPluginHost({
      dir: config.plugins.dir,
      timeouts: config.plugins.timeouts,
      logLevel: config.log_level,
      passedVariables: config.plugins.environment,
      compileCacheDir: `${config.state_dir}/compile-cache`,
      callsDir: join(config.run_dir, ownFolders.calls),
      pipesDir: join(config.run_dir, ownFolders.pipes),
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

/** The engines whose files are in this run folder. */
export function createEngines(config: Config, runDir: string, log: Log): EngineHost {
  const { docker } = config;
  return createEngineHost({
    runDir,
    dockerBinary: docker.binary,
    supervision: "auto",
    startTimeoutMs: docker.start_timeout,
    logMaxSize: String(docker.log_max_size),
    logMaxFile: docker.log_max_file,
    engineOptions: docker.engine,
    proxy: docker.proxy,
    isAnothers: isClaimedByAnother(identityOf(config).table),
    log,
  });
}
