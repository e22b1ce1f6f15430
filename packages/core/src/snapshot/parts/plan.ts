import { DockersnapError, nearest } from "@dockersnap/contract/words";
import type { DataRootContents, StoredContainer, StoredNetwork, StoredVolume } from "../../content/data-root.ts";
import type { Part } from "./part.ts";

/** What is asked, and what there is to answer it by. */
export interface PartsQuestion {
  readonly instance: string;
  /** The snapshot's label, for people. */
  readonly label: string;
  readonly parts: readonly Part[];
  readonly now: DataRootContents;
  readonly then: DataRootContents;
  /** Whether an engine runs: without one nothing of `now` does, whatever was written down. */
  readonly runs: boolean;
  /** Names of containers that ran then and were down already when that moment was kept. */
  readonly ran: readonly string[];
  /** What becomes of a part that was not there then: it is refused, or goes again. */
  readonly absent: "refused" | "removed";
}

/** How parts are put back. */
export interface PartsPlan {
  /** Relative to the data-root: what is put back wherever the two differ. */
  readonly paths: readonly string[];
  /** Containers all of whose files come from the snapshot, with what they stand on. */
  readonly brought: readonly string[];
  /** Containers all of whose files go, or give way. */
  readonly taken: readonly string[];
  /** A container or volume comes or goes, which dockerd sees at its start only. */
  readonly isNewToEngine: boolean;
  /** Ids of containers that run and have to be down meanwhile. */
  readonly stops: readonly string[];
  /** Ids of containers that run after it. */
  readonly starts: readonly string[];
  /** Names of the containers among the parts that run now. */
  readonly ran: readonly string[];
}

/** Everything that becomes of one part. */
type Share = PartsPlan;

const nothing: Share = { paths: [], brought: [], taken: [], isNewToEngine: false, stops: [], starts: [], ran: [] };

/** Refuses what cannot be put back, with a sentence for each way. */
export function planParts(question: PartsQuestion): PartsPlan {
  const shares = question.parts.map((part) =>
    part.kind === "volume" ? volumeShare(question, part.name) : containerShare(question, part.name),
  );
  const all = <T>(of: (share: Share) => readonly T[]) => [...new Set(shares.flatMap(of))];
  const taken = all((share) => share.taken);
  const stops = all((share) => share.stops);
  const plan = {
    paths: all((share) => share.paths),
    brought: all((share) => share.brought),
    taken,
    isNewToEngine: shares.some((share) => share.isNewToEngine),
    stops,
    starts: all((share) => share.starts).filter(
      (id) => !taken.includes(id) || shares.some(({ brought }) => brought.includes(id)),
    ),
    ran: all((share) => share.ran),
  };
  refuseRemovedByStop(question, plan);
  return plan;
}

function volumeShare(question: PartsQuestion, name: string): Share {
  const { instance, label, now, then, absent } = question;
  const [present, past] = [find(now.volumes, name), find(then.volumes, name)];
  if (past === undefined) {
    if (absent === "refused") throw notThere(question, "volume", name, then.volumes);
    if (present === undefined) return nothing;
    const user = usersOf(question, name).find((container) => !isPart(question, container));
    if (user !== undefined) {
      throw new DockersnapError(
        "wrong_state",
        `Volume '${name}' of '${instance}' would go, as there was none at '${label}', but container '${user.name}' uses it. Remove that container first, or name it too: container:${user.name}.`,
      );
    }
  }
  for (const volume of [present, past]) if (volume !== undefined) requireInside(question, volume);
  const users = usersOf(question, name).filter((container) => isUp(question, container));
  const isChanged = present !== undefined && past !== undefined;
  return {
    ...nothing,
    // Its folder stays where it is known by: only what is in it is put back.
    paths: [isChanged ? `volumes/${name}/_data` : `volumes/${name}`],
    isNewToEngine: !isChanged,
    stops: users.map(({ id }) => id),
    starts: users.map(({ id }) => id),
  };
}

function containerShare(question: PartsQuestion, name: string): Share {
  const { now, then, absent } = question;
  const past = find(then.containers, name);
  const [present, sameId] = [find(now.containers, name), now.containers.find(({ id }) => id === past?.id)];
  // One of the same id was renamed since: it comes back under the name it had, in place of itself.
  const replaced = [present, sameId].filter((container) => container !== undefined);
  const up = replaced.filter((container) => isUp(question, container)).map(({ id }) => id);
  const gone = { ...nothing, stops: up, ran: present !== undefined && up.includes(present.id) ? [name] : [] };
  if (past === undefined) {
    if (absent === "refused") throw notThere(question, "container", name, then.containers);
    if (present === undefined) return nothing;
    return { ...gone, taken: [present.id], isNewToEngine: true };
  }
  if (past.layers === undefined) {
    throw new DockersnapError("wrong_state", `The files of container '${name}' are incomplete in '${question.label}'.`);
  }
  const starts = question.runs && (up.length > 0 || isLive(past) || question.ran.includes(name)) ? [past.id] : [];
  if (present !== undefined && present.id === past.id && isSame(present, past)) {
    return { ...gone, paths: [past.layers.own], starts };
  }
  for (const network of past.networks) requireNetwork(question, name, network);
  if (past.settings.AutoRemove === "true") {
    throw new DockersnapError(
      "wrong_state",
      `Container '${name}' was started with --rm, so Docker would remove it as soon as it is back. Clone the snapshot and take what you need from there.`,
    );
  }
  return {
    ...gone,
    // Docker made these volumes for it; an empty one in their place would look like lost data.
    paths: past.mounts
      .filter(({ type, source }) => type === "volume" && find(now.volumes, source) === undefined)
      .filter(({ source }) => find(then.volumes, source) !== undefined)
      .map(({ source }) => `volumes/${source}`),
    brought: [past.id],
    taken: replaced.map(({ id }) => id).filter((id) => id !== past.id),
    isNewToEngine: true,
    starts,
  };
}

function find<T extends { readonly name: string }>(all: readonly T[], name: string): T | undefined {
  return all.find((one) => one.name === name);
}

function usersOf({ now }: PartsQuestion, volume: string): readonly StoredContainer[] {
  return now.containers.filter(({ mounts }) =>
    mounts.some(({ type, source }) => type === "volume" && source === volume),
  );
}

function isPart({ parts }: PartsQuestion, { name }: StoredContainer): boolean {
  return parts.some((part) => part.kind === "container" && part.name === name);
}

function isUp({ runs }: PartsQuestion, container: StoredContainer): boolean {
  return runs && isLive(container);
}

function isLive({ state }: StoredContainer): boolean {
  return state === "running" || state === "paused" || state === "restarting";
}

/** Whether dockerd knows the two by the same words, so that only their files can differ. */
function isSame(one: StoredContainer, other: StoredContainer): boolean {
  const words = ({ state: _state, exitCode: _exitCode, layers, ...rest }: StoredContainer) =>
    JSON.stringify([rest, layers?.mountId]);
  return words(one) === words(other);
}

function requireInside({ instance }: PartsQuestion, { name, driver, options, folder }: StoredVolume): void {
  if (driver === "local" && Object.keys(options).length === 0 && folder !== undefined) return;
  throw new DockersnapError(
    "wrong_state",
    `Volume '${name}' of '${instance}' stores its files outside the instance (driver ${driver}${Object.keys(options).length === 0 ? "" : ", with mount options"}), so they are in no snapshot and cannot be reverted.`,
  );
}

/** Docker makes these anew at each start. */
const builtIn = ["bridge", "host", "none"];

function requireNetwork({ instance, label, now, then }: PartsQuestion, container: string, name: string): void {
  if (builtIn.includes(name)) return;
  const [present, past] = [find<StoredNetwork>(now.networks, name), find<StoredNetwork>(then.networks, name)];
  if (present !== undefined && (past === undefined || past.id === present.id)) return;
  throw new DockersnapError(
    "wrong_state",
    `Container '${container}' of '${instance}' was in the network '${name}' at '${label}', which was removed${present === undefined ? "" : " and made anew"} since, so it cannot come back alone. Revert the whole instance, or clone the snapshot.`,
  );
}

/** What Docker removes as soon as it stops could not be started again. */
function refuseRemovedByStop({ now }: PartsQuestion, { stops }: PartsPlan): void {
  const container = now.containers.find(({ id, settings }) => stops.includes(id) && settings.AutoRemove === "true");
  if (container === undefined) return;
  throw new DockersnapError(
    "wrong_state",
    `Container '${container.name}' was started with --rm and would be gone once it is stopped for this. Stop it yourself first.`,
  );
}

function notThere(
  { instance, label }: PartsQuestion,
  kind: Part["kind"],
  name: string,
  there: readonly { readonly name: string }[],
): DockersnapError {
  const names = there.map((one) => one.name);
  const near = nearest(name, names);
  const few = names.slice(0, 10).join(", ");
  const hint = near !== undefined ? ` Did you mean '${kind}:${near}'?` : names.length === 0 ? "" : ` It has ${few}.`;
  return new DockersnapError(
    "not_found",
    `No ${kind} '${name}' in snapshot '${label}' of instance '${instance}'.${hint}`,
    near === undefined ? {} : { details: { nearest: near } },
  );
}
