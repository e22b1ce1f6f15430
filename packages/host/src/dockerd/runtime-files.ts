import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DockersnapError, instanceNamePattern } from "@dockersnap/contract/words";
import type { PortRange } from "@dockersnap/core";
import * as z from "zod";
import { hasErrno } from "../process/errno.ts";

/** Where an engine's runtime files are. All of it may vanish with a reboot. */
export interface RuntimeFiles {
  /** dockerd's API. */
  readonly socket: string;
  /** A second name of the socket, no longer than the first. */
  readonly spareSocket: string;
  /** The host's pid of the sandbox's init, for operators' scripts. */
  readonly pidFile: string;
  /** Made before and removed after everything else, so that it stands as long as anything is left. */
  readonly folder: string;
  /** dockerd's and containerd's own files of what runs; inside the sandbox it is `execRootInside`. */
  readonly execRoot: string;
  /** dockerd's own pid as its pid namespace counts it, which means nothing on the host. */
  readonly dockerdPidFile: string;
  /** Inside, the runtime folder and the data-root are bound over these, as `fixedInside`. */
  readonly fixed: { readonly folder: string; readonly dataRoot: string };
  readonly configuration: string;
  /** The key that Docker's ID is the fingerprint of. */
  readonly key: string;
  /** The range of ports dockerd chooses from, bound over the kernel's own. */
  readonly chosenPorts: string;
  readonly log: string;
  readonly record: string;
  /** Where containerd's shims listen, in place of the host's folder for it. */
  readonly shims: string;
}

/** Bytes of a path that fit into a unix socket's address with its closing NUL. */
const longestSocketPath = 107;

export function runtimeFiles(runDir: string, name: string): RuntimeFiles {
  const folder = join(runDir, name);
  const execRoot = join(folder, "exec");
  return {
    socket: join(runDir, `${name}.sock`),
    spareSocket: join(folder, "sock"),
    pidFile: join(runDir, `${name}.pid`),
    folder,
    execRoot,
    dockerdPidFile: join(execRoot, "dockerd.pid"),
    fixed: { folder: join(execRoot, "self"), dataRoot: join(execRoot, "data") },
    configuration: join(folder, "daemon.json"),
    key: join(folder, "key.json"),
    chosenPorts: join(folder, "chosen-ports"),
    log: join(folder, "dockerd.log"),
    record: join(folder, "sandbox.json"),
    shims: join(folder, "shims"),
  };
}

/** `invalid_request` when the engine's socket would get a path longer than the kernel takes. */
export function checkSocketPath(name: string, files: RuntimeFiles): void {
  const excess = Buffer.byteLength(files.socket) - longestSocketPath;
  if (excess <= 0) return;
  throw new DockersnapError(
    "invalid_request",
    `The engine of '${name}' cannot listen on ${files.socket}: a socket's path has at most ${longestSocketPath} bytes. Choose a run_dir or a name shorter by ${excess}.`,
  );
}

/** Make the folders and the configuration of an engine about to start. */
export function prepareFiles(
  files: RuntimeFiles,
  { configuration, key, chosenPorts }: { configuration: string; key: string; chosenPorts: PortRange },
): void {
  mkdirSync(dirname(files.folder), { recursive: true, mode: 0o755 });
  mkdirSync(files.folder, { recursive: true, mode: 0o700 });
  for (const folder of [files.execRoot, files.shims, files.fixed.folder, files.fixed.dataRoot]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  replaceFile(files.configuration, configuration);
  replaceFile(files.key, key);
  replaceFile(files.chosenPorts, `${chosenPorts.first}\t${chosenPorts.last}\n`);
}

/** Readers see the old contents or the new, never a part. */
export function replaceFile(path: string, contents: string): void {
  writeFileSync(`${path}.new`, contents, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function anyFileLeft(files: RuntimeFiles): boolean {
  return [files.folder, files.socket, files.pidFile].some((path) => existsSync(path));
}

/** Remove everything; absent files are removed already. */
export async function removeFiles(files: RuntimeFiles): Promise<void> {
  await Promise.all([rm(files.socket, { force: true }), rm(files.pidFile, { force: true })]);
  await rm(files.folder, { recursive: true, force: true });
}

/** Names of engines with a runtime folder. Sockets and pid files beside them never outlive it. */
export function foldersIn(runDir: string): readonly string[] {
  try {
    const entries = readdirSync(runDir, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && instanceNamePattern.test(entry.name))
      .map((entry) => entry.name);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return [];
    throw error;
  }
}

/** The name of an engine whose record is such a one. */
export function findRecord(
  runDir: string,
  holds: (record: SandboxRecord, name: string) => boolean,
): string | undefined {
  return foldersIn(runDir).find((name) => {
    const record = readRecord(runtimeFiles(runDir, name));
    return record !== undefined && holds(record, name);
  });
}

const SandboxRecord = z.object({
  pid: z.int().positive(),
  startTime: z.int().nonnegative(),
  supervision: z.enum(["direct", "systemd"]),
  /** The name it was started under, which its control groups and its unit keep when it is renamed. */
  launchedAs: z.string().regex(instanceNamePattern),
  /** Whether containers go on without dockerd; off only for a clean stop, unless the engine was asked to have it off. */
  liveRestore: z.boolean().default(true),
});

/** What the next daemon needs to find a sandbox again. */
export type SandboxRecord = z.infer<typeof SandboxRecord>;

/** Write down whose sandbox this is, with the pid file for others. */
export function writeRecord(files: RuntimeFiles, record: SandboxRecord): void {
  replaceFile(files.record, `${JSON.stringify(record)}\n`);
  writeFileSync(files.pidFile, `${record.pid}\n`, { mode: 0o644 });
}

/** Undefined without a record, and for one that cannot be read: whatever it stood for is a leftover then. */
export function readRecord(files: RuntimeFiles): SandboxRecord | undefined {
  let text: string;
  try {
    text = readFileSync(files.record, "utf8");
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
  try {
    return SandboxRecord.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
