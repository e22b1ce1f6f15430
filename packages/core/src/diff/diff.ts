import {
  type ContainerDiff,
  type Diff,
  DockersnapError,
  type FilesDiff,
  type VolumeDiff,
} from "@dockersnap/contract/words";
import type { DataRootContents, StoredContainer, StoredVolume } from "../content/data-root.ts";
import type { TreeBounds, TreeComparison, TreePair, TreeSide } from "../content/trees.ts";
import type { Platform } from "../platform.ts";
import { notCaptured } from "../snapshot/not-captured.ts";
import { requireMounted } from "../storage/room.ts";
import { containerChange } from "./containers.ts";
import { assertStill, beginningOf, findPoint, gone, type Point } from "./points.ts";
import { type Pair, pairUp } from "./settings.ts";
import { imageChange, networkChange, volumeChange } from "./things.ts";

export interface DiffQuestion {
  /** Where the instance came from last when left out. */
  readonly from?: string | undefined;
  /** `now` when left out. */
  readonly to?: string | undefined;
  /** Changed files listed of each volume and container. */
  readonly limit?: number | undefined;
}

type Deps = Pick<Platform, "records" | "storage" | "clock" | "dataRoots" | "trees" | "engines">;

const listedByDefault = 100;

/** About half a minute of a disk's time, a minute of a client's patience. */
const bounds: Omit<TreeBounds, "listedPerTree"> = {
  listed: 20_000,
  entries: 4_000_000,
  readBytes: 2 ** 30,
  ms: 30_000,
};

/**
 * What differs between two moments, in Docker's words. Holds up nothing: whoever deletes a snapshot or puts the instance back
 * meanwhile is not kept from it, and the answer is then `wrong_state`. `not_found` for a name that is none.
 */
export async function diffInstance(
  deps: Deps,
  instance: string,
  question: DiffQuestion,
  signal: AbortSignal,
): Promise<Diff> {
  const begun = deps.clock.monotonic();
  const to = findPoint(deps, instance, question.to ?? "now");
  const from = question.from === undefined ? beginningOf(deps, instance) : findPoint(deps, instance, question.from);
  await requireMounted(deps, `compare states of '${instance}'`);
  const [before, after] = await Promise.all([read(deps, from, signal), read(deps, to, signal)]);

  const containers = pairUp(before.containers, after.containers, byId, byName);
  const volumes = pairUp(before.volumes, after.volumes, byName);
  const trees = [
    ...containers.map((pair) => treesOf(pair, (one) => layersOf(one), from, to)),
    ...volumes.map((pair) => treesOf(pair, (one) => filesOf(one), from, to)),
  ];
  const compared = await compare(deps, trees, [from, to], question.limit ?? listedByDefault, signal);
  assertStill(deps, [from, to]);

  const problems = [
    ...before.problems.map((problem) => `${nameOf(from)}: ${problem}`),
    ...after.problems.map((problem) => `${nameOf(to)}: ${problem}`),
  ];
  const files = (index: number, root: string): FilesDiff | undefined =>
    described(trees[index], compared.trees[index], root);
  const parts = {
    containers: containers.flatMap((pair, index) => withFiles(containerChange(pair), files(index, "/"))),
    volumes: volumes.flatMap((pair, index) => withFiles(volumeChange(pair), files(containers.length + index, ""))),
  };
  const names = [
    ...containers.map((pair) => `container '${pair.to?.name ?? pair.from?.name}'`),
    ...volumes.map((pair) => `volume '${pair.to?.name ?? pair.from?.name}'`),
  ];
  const unseen = names.filter((_name, index) => compared.trees[index]?.incomplete);
  return {
    from: from.view,
    to: to.view,
    containers: parts.containers.sort((a, b) => inOrder(a.name, b.name)),
    images: pairUp(before.images, after.images, (one) => one.id)
      .flatMap((pair) => imageChange(pair) ?? [])
      .sort((a, b) => inOrder(a.tags[0] ?? a.digest, b.tags[0] ?? b.digest)),
    volumes: parts.volumes.sort((a, b) => inOrder(a.name, b.name)),
    networks: pairUp(before.networks, after.networks, byId, byName)
      .flatMap((pair) => networkChange(pair) ?? [])
      .sort((a, b) => inOrder(a.name, b.name)),
    truncated: unseen.length > 0 || [...parts.containers, ...parts.volumes].some(({ files: of }) => isCut(of)),
    looked_at: {
      entries: compared.entries,
      read_bytes: compared.readBytes,
      ms: Math.round(deps.clock.monotonic() - begun),
    },
    ...outside(deps, [
      [from, before],
      [to, after],
    ]),
    problems: [...problems, ...notCompared(unseen)],
  };
}

/** What of either moment is in no snapshot, so that it was not compared. */
function outside(deps: Deps, sides: readonly (readonly [Point, DataRootContents])[]): Pick<Diff, "not_captured"> {
  const sentences = sides.flatMap(([{ view }, contents]) => notCaptured(deps, view.instance, contents));
  return sentences.length === 0 ? {} : { not_captured: [...new Set(sentences)] };
}

/** A sentence names so many of them. */
const mostNamed = 10;

function notCompared(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length - mostNamed;
  const named = [...names.slice(0, mostNamed), ...(more > 0 ? [`${more} others`] : [])].join(", ");
  return [
    `Not every file was compared, so more may differ: there were too many files, or folders too deep or too large, in ${named}.`,
  ];
}

async function read(deps: Deps, { dataRoot, view }: Point, signal: AbortSignal): Promise<DataRootContents> {
  try {
    return await deps.dataRoots.read(dataRoot, signal);
  } catch (error) {
    if (error instanceof DockersnapError && error.code === "not_found") throw gone(view);
    throw error;
  }
}

async function compare(
  deps: Deps,
  pairs: readonly TreePair[],
  points: readonly Point[],
  listedPerTree: number,
  signal: AbortSignal,
) {
  const labels = points.filter(({ view }) => view.label !== undefined);
  const earliest = Math.min(...labels.map(({ view }) => Date.parse(view.at)));
  const suspectSince = Number.isFinite(earliest) ? new Date(earliest) : deps.clock.now();
  try {
    return await deps.trees.compare({ pairs, suspectSince, bounds: { ...bounds, listedPerTree } }, signal);
  } catch (error) {
    // Better said by the name of what is gone.
    assertStill(deps, points);
    throw error;
  }
}

function treesOf<T>(
  pair: Pair<T>,
  side: (one: T) => Omit<TreeSide, "root"> | undefined,
  from: Point,
  to: Point,
): TreePair {
  const [before, after] = [pair.from, pair.to].map((one) => (one === undefined ? undefined : side(one)));
  return {
    ...(before === undefined ? {} : { from: { root: from.dataRoot, ...before } }),
    ...(after === undefined ? {} : { to: { root: to.dataRoot, ...after } }),
  };
}

function layersOf({ layers }: StoredContainer): Omit<TreeSide, "root"> | undefined {
  return layers === undefined ? undefined : { folder: layers.own, below: layers.below };
}

function filesOf({ folder }: StoredVolume): Omit<TreeSide, "root"> | undefined {
  return folder === undefined ? undefined : { folder, below: [] };
}

function described(pair: TreePair | undefined, tree: TreeComparison | undefined, root: string): FilesDiff | undefined {
  if (tree === undefined || (pair?.from === undefined && pair?.to === undefined)) return undefined;
  return {
    ...(tree.from === undefined ? {} : { from: tree.from }),
    ...(tree.to === undefined ? {} : { to: tree.to }),
    added: tree.added,
    removed: tree.removed,
    changed: tree.changed,
    changes: tree.changes.map(({ bytesBefore, path, ...change }) => ({
      path: `${root}${path}`,
      ...change,
      ...(bytesBefore === undefined ? {} : { bytes_before: bytesBefore }),
    })),
    incomplete: tree.incomplete,
  };
}

/** What changed in nothing is left out. */
function withFiles<T extends Omit<ContainerDiff, "files"> | Omit<VolumeDiff, "files">>(
  thing: T | undefined,
  files: FilesDiff | undefined,
): (T & { files?: FilesDiff })[] {
  if (thing === undefined) return [];
  const isRecreated = "recreated" in thing && thing.recreated === true;
  const hasChanged = files !== undefined && files.added + files.removed + files.changed > 0;
  if (thing.change === "changed" && !isRecreated && thing.settings.length === 0 && !hasChanged) return [];
  return [{ ...thing, ...(files === undefined ? {} : { files }) }];
}

function isCut(files: FilesDiff | undefined): boolean {
  return files !== undefined && files.changes.length < files.added + files.removed + files.changed;
}

function nameOf({ view: { instance, label } }: Point): string {
  return label === undefined ? `${instance} now` : `${instance}@${label}`;
}

const byId = (one: { readonly id: string }) => one.id;
const byName = (one: { readonly name: string }) => one.name;

function inOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
