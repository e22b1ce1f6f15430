import type { Client } from "@dockersnap/client";
import type { Completes } from "../arguments.ts";

export interface Suggestion {
  readonly value: string;
  readonly about?: string | undefined;
}

export interface Suggestions {
  readonly suggestions: readonly Suggestion[];
  /** False when the word goes on after the suggestion. */
  readonly space?: boolean;
  /** The shell may add file names. */
  readonly files?: boolean;
}

interface Question {
  readonly current: string;
  /** Words of the same argument before this one. */
  readonly within: readonly string[];
  /** The plugin named elsewhere on the line. */
  readonly plugin: string | undefined;
  readonly client: () => Client;
}

/** Nobody waits longer for a suggestion. */
const patienceMs = 1500;

/** Names the daemon knows; none when it does not answer or does not know the thing asked about. */
export async function namesFor(
  completes: Exclude<Completes, readonly string[]> | "config",
  question: Question,
): Promise<Suggestions> {
  try {
    return await ask(completes, question, AbortSignal.timeout(patienceMs));
  } catch {
    return { suggestions: [] };
  }
}

async function ask(completes: string, question: Question, signal: AbortSignal): Promise<Suggestions> {
  const client = question.client();
  const instances = async () =>
    (await client.instances.list({ signal })).map((one) => ({ value: one.name, about: one.status }));
  switch (completes) {
    case "instance":
      return { suggestions: await instances() };
    case "snapshot":
      return snapshotNames(client, question, instances, signal);
    case "moment":
      return momentNames(client, question, instances, signal);
    case "plugin":
      return {
        suggestions: (await client.plugins.list({ signal })).map((one) => ({
          value: one.name,
          about: one.description,
        })),
      };
    case "operation":
      return {
        suggestions: (await client.operations.list({ signal })).map((one) => ({
          value: one.id,
          about: `${one.kind} ${one.instance} ${one.status}`,
        })),
      };
    case "config":
      return configKeys(client, question, signal);
    default:
      return { suggestions: [] };
  }
}

/** Instances first; behind an `@`, or as a second word, the snapshots of the one named. */
async function snapshotNames(
  client: Client,
  { current, within }: Question,
  instances: () => Promise<Suggestion[]>,
  signal: AbortSignal,
): Promise<Suggestions> {
  const [named] = within;
  const at = current.indexOf("@");
  const instance = named ?? (at === -1 ? undefined : current.slice(0, at));
  if (instance === undefined) return { suggestions: await instances(), space: false };
  const prefix = named === undefined ? `${instance}@` : "";
  const { snapshots } = await client.instances.get(instance, { signal });
  return {
    suggestions: snapshots.map((one) => ({ value: `${prefix}${one.label}`, about: one.created_at })),
  };
}

/** As `snapshotNames`; further words are moments of the same instance, of which now is one. */
async function momentNames(
  client: Client,
  question: Question,
  instances: () => Promise<Suggestion[]>,
  signal: AbortSignal,
): Promise<Suggestions> {
  const [named, second] = question.within;
  if (named === undefined) return snapshotNames(client, question, instances, signal);
  const [instance = named, label] = named.split("@");
  // The label behind the `@` was the first of the two moments.
  if (label !== undefined && second !== undefined) return { suggestions: [] };
  const { suggestions } = await snapshotNames(client, { ...question, within: [instance] }, instances, signal);
  return { suggestions: [...suggestions, { value: "now", about: "the current state" }] };
}

async function configKeys(client: Client, { plugin }: Question, signal: AbortSignal): Promise<Suggestions> {
  if (plugin === undefined) return { suggestions: [] };
  const { config_options } = await client.plugins.get(plugin, { signal });
  return {
    suggestions: (config_options ?? []).map((one) => ({ value: `${one.name}=`, about: one.description ?? one.type })),
    space: false,
  };
}
