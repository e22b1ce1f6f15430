import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { EngineOptions } from "@dockersnap/contract/words";
import { addressPools } from "./address-pools.ts";
import { withOptions } from "./engine-options.ts";
import { type RuntimeFiles, replaceFile } from "./runtime-files.ts";
import { execRootInside, fixedInside } from "./sandbox.ts";

export interface ProxySettings {
  readonly http?: string | undefined;
  readonly https?: string | undefined;
  /** Hosts reached without the proxy, separated by commas. */
  readonly noProxy?: string | undefined;
}

/** What every engine of this host has in common. */
export interface EngineSettings {
  /** Of one log file of one container, in dockerd's words, such as `10m`. */
  readonly logMaxSize: string;
  readonly logMaxFile: number;
  /** What dockerd's configuration has beside or in place of what dockersnap puts there. */
  readonly options: EngineOptions;
}

export interface EngineConfiguration extends EngineSettings {
  readonly dataRoot: string;
  readonly cgroupParent: string;
  readonly hostAddress: string;
  readonly subnet: string;
  /** Whether this dockerd takes its ID from a key file. */
  readonly usesKeyFile: boolean;
}

/**
 * The contents of dockerd's configuration file. Name servers are not in it: containers get those of the sandbox's
 * resolv.conf, which can be reached from inside also where the host's own are on its loopback.
 */
export function daemonJson(files: RuntimeFiles, configuration: EngineConfiguration): string {
  const { dataRoot, cgroupParent, logMaxSize, logMaxFile, hostAddress, subnet, usesKeyFile, options } = configuration;
  const pools = addressPools(subnet);
  const contents = {
    "data-root": dataRoot,
    "exec-root": execRootInside,
    pidfile: join(execRootInside, basename(files.dockerdPidFile)),
    hosts: [`unix://${files.socket}`],
    "storage-driver": "overlay2",
    // Whether containers go on without dockerd.
    "live-restore": true,
    "exec-opts": ["native.cgroupdriver=cgroupfs"],
    "cgroup-parent": cgroupParent,
    // Docker's own choice would be the instance's bridge, which is not the host that people mean.
    "host-gateway-ip": hostAddress,
    ...(pools === undefined ? {} : { "default-address-pools": pools }),
    ...(usesKeyFile ? { "deprecated-key-path": join(fixedInside.folder, basename(files.key)) } : {}),
    "log-driver": "json-file",
    "log-opts": { "max-size": logMaxSize, "max-file": String(logMaxFile) },
    // dockerd's own log; a chatty level would let it grow with every container.
    "log-level": "warn",
    // Images belong to the data-root, or a snapshot would miss them. Versions that do not know the feature ignore it.
    features: { "containerd-snapshotter": false },
  };
  return render(withOptions(contents, options));
}

/**
 * Change whether containers go on without dockerd, for the next time it reads its configuration. Resolves false when
 * the file says so already.
 */
export async function setLiveRestore(files: RuntimeFiles, on: boolean): Promise<boolean> {
  const contents = await readConfiguration(files);
  if (contents["live-restore"] === on) return false;
  replaceFile(files.configuration, render({ ...contents, "live-restore": on }));
  return true;
}

/** Change where a dockerd that is started again listens; the one that runs goes on as it is. */
export async function setSocket(files: RuntimeFiles, socket: string): Promise<void> {
  const contents = await readConfiguration(files);
  replaceFile(files.configuration, render({ ...contents, hosts: [`unix://${socket}`] }));
}

async function readConfiguration(files: RuntimeFiles): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(files.configuration, "utf8"));
}

function render(contents: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(contents, null, 2)}\n`;
}

/** dockerd's whole environment: nothing of the daemon's own, which may hold secrets, gets into it. */
export function dockerdEnvironment(proxy: ProxySettings | undefined): Readonly<Record<string, string>> {
  const environment: Record<string, string> = {
    ...baseEnvironment(),
    // What containerd leaves behind when it is made to tell its stacks goes with the engine, not into the host's folder.
    TMPDIR: fixedInside.folder,
    // Go's default collects garbage at every 4 MB while an engine and its containers start, a tenth of their processor
    // time. Twice that is 4 MB more memory for an engine at rest, 15 MB more for one with thirty busy containers.
    GOGC: "200",
  };
  const settings = { HTTP_PROXY: proxy?.http, HTTPS_PROXY: proxy?.https, NO_PROXY: proxy?.noProxy };
  for (const [variable, value] of Object.entries(settings)) if (value !== undefined) environment[variable] = value;
  return environment;
}

const standardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** For the sandbox's own programs. A PATH without the sbin folders, as some sessions have, would miss iptables. */
export function baseEnvironment(): Record<string, string> {
  return { PATH: `${process.env.PATH ?? ""}:${standardPath}`.replace(/^:/, ""), HOME: "/root" };
}
