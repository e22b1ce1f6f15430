import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "@dockersnap/client";
import { type Access, DockersnapError, type Instance } from "@dockersnap/contract/words";
import { inTheWayOfHost } from "./access/before.ts";
import { offeredEnvironment } from "./access/environment.ts";
import { writeAccessFiles } from "./access/files.ts";
import { accessFolder, filesIn } from "./access/folder.ts";
import { accessRecord, removeAccessFiles } from "./access/leftovers.ts";
import { exportedIn, exportedNames } from "./access/variables.ts";
import type { Io } from "./io.ts";
import type { Output } from "./output/output.ts";

const longestName = 32;

/** Between two probes: nothing tells of a workload that becomes healthy before somebody asks it. */
const probePauseMs = 200;

/** A name for a clone that lives for one command, by which a person sees whose it was. */
export function throwAwayName(source: string): string {
  const suffix = `-run-${randomBytes(3).toString("hex")}`;
  return `${source.slice(0, longestName - suffix.length)}${suffix}`;
}

/**
 * Resolves when the workload is healthy, at once where there is none. `not_ready` with what it lacks when `signal` aborts
 * before.
 */
export async function untilHealthy(client: Client, instance: Instance, signal: AbortSignal): Promise<void> {
  if (instance.workload_plugin === undefined) return;
  let lacks = "it did not answer";
  try {
    while (true) {
      const { healthy, checks } = await client.instances.workloadHealth(instance.name, { fresh: true, signal });
      if (healthy) return;
      const failed = checks.filter((check) => !check.ok).map(({ name, message }) => `${name}: ${message ?? "not ok"}`);
      lacks = failed.join("; ") || "it says no more";
      await pause(probePauseMs, undefined, { signal });
    }
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new DockersnapError(
      "not_ready",
      `The workload of '${instance.name}' did not become healthy in time (${lacks}).`,
      { cause },
    );
  }
}

/** The environment of a command that is to see the instance as its Docker, with the files beside it. */
export async function environmentOf(
  answer: Access,
  { name, created_at }: Instance,
  { client, io, out }: { client: Client; io: Io; out: Output },
): Promise<Record<string, string | undefined>> {
  const folder = accessFolder(io.home, name);
  const offered = offeredEnvironment(answer, folder, client.baseUrl, out);
  await writeAccessFiles(folder, filesIn(answer, folder), [...offered.keys()], {
    daemon: answer.daemon ?? client.baseUrl,
    created_at,
  });
  const env = { ...io.env };
  // Of another instance that this shell uses nothing may shine through, nor settings for a remote Docker.
  for (const left of [...exportedIn(io.env), ...inTheWayOfHost]) {
    delete env[left];
  }
  return { ...env, ...Object.fromEntries(offered), [exportedNames]: [...offered.keys()].join(":") };
}

/**
 * Remove the clone and its files here, whatever state it is in; one that is being made is cancelled first. An absent one
 * is removed already.
 */
export async function removeThrowAway(
  name: string,
  { client, io, out }: { client: Client; io: Io; out: Output },
): Promise<void> {
  const files = await accessRecord(io.home, name);
  await removeClone(client, name);
  if (files !== undefined) await removeAccessFiles(files, out);
}

async function removeClone(client: Client, name: string): Promise<void> {
  try {
    await client.instances.delete(name);
  } catch (error) {
    if (!(error instanceof DockersnapError)) throw error;
    if (error.code === "not_found") return;
    if (error.code !== "busy") throw error;
    await endOperation(client, name);
    await client.instances.delete(name).catch((later: unknown) => {
      if (!(later instanceof DockersnapError && later.code === "not_found")) throw later;
    });
  }
}

async function endOperation(client: Client, name: string): Promise<void> {
  const { operation } = await client.instances.get(name);
  if (operation === undefined) return;
  try {
    await client.operations.cancel(operation.id);
  } catch (error) {
    // It is past its way back or has just ended: then it is waited for.
    if (!(error instanceof DockersnapError && error.code === "wrong_state")) throw error;
  }
  await client.operations.events(operation.id);
}
