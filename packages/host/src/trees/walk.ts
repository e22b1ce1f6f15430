import type { FileChange, TreeComparison, TreePair, TreeSide } from "@dockersnap/core";
import { Below, type Found } from "./below.ts";
import type { Budget } from "./budget.ts";
import { differ } from "./difference.ts";
import { type Directory, type Entry, isWhiteout, type Name } from "./entry.ts";
import type { Roots } from "./roots.ts";

/** Each level holds some descriptors open. The kernel takes paths of some 2,000 levels, and no program makes half of those. */
const mostDepth = 1_000;

/** Of one directory; so many fit into memory, twice. */
const mostNames = 500_000;

/** A directory on one side: what the tree has itself, and what lies below that. */
interface Level {
  readonly own: Directory | undefined;
  readonly below: Below;
  /** It may be one that was deleted and made again, and hides what the other side sees below its own. */
  readonly isFresh: boolean;
}

interface Counted {
  files: number;
  bytes: number;
}

interface Surroundings {
  readonly roots: Roots;
  readonly suspectSinceNs: bigint;
  readonly budget: Budget;
}

/** Everything that differs between two moments of one folder. */
export function compareTrees(pair: TreePair, around: Surroundings): TreeComparison {
  return new Walk(pair, around).run();
}

class Walk {
  readonly #pair: TreePair;
  readonly #around: Surroundings;
  readonly #changes: FileChange[] = [];
  readonly #counts = { added: 0, removed: 0, changed: 0 };
  readonly #from: Counted = { files: 0, bytes: 0 };
  readonly #to: Counted = { files: 0, bytes: 0 };
  #incomplete = false;

  constructor(pair: TreePair, around: Surroundings) {
    this.#pair = pair;
    this.#around = around;
  }

  run(): TreeComparison {
    const { from, to } = this.#pair;
    using opened = new DisposableStack();
    const levels = [from, to].map((side) => (side === undefined ? undefined : this.#open(side, opened)));
    this.#directory(levels[0], levels[1], "", 0);
    return {
      ...(from === undefined ? {} : { from: this.#from }),
      ...(to === undefined ? {} : { to: this.#to }),
      ...this.#counts,
      changes: this.#changes,
      incomplete: this.#incomplete || this.#around.budget.isUnsure,
    };
  }

  #open(side: TreeSide, opened: DisposableStack): Level {
    const root = this.#around.roots.open(side.root);
    const folders = (paths: readonly string[]) =>
      paths.map((path) => reach(root, path)).filter((one) => one !== undefined);
    const [own] = folders([side.folder]);
    if (own !== undefined) opened.use(own);
    return { own, below: opened.use(new Below(side.below.length > 0, () => folders(side.below))), isFresh: false };
  }

  /** Compare what two directories hold themselves. */
  #directory(from: Level | undefined, to: Level | undefined, path: string, depth: number): void {
    const [left, right] = [namesOf(from, to), namesOf(to, from)];
    if (depth > mostDepth || left === undefined || right === undefined) {
      this.#incomplete = true;
      return;
    }
    const names = new Map([...left, ...right].map((name) => [name.key, name.bytes]));
    for (const key of [...names.keys()].sort()) {
      if (this.#around.budget.isSpent) {
        this.#incomplete = true;
        return;
      }
      const name = names.get(key) ?? key;
      this.#name(from, to, name, `${path}${typeof name === "string" ? name : name.toString()}`, depth);
    }
  }

  #name(from: Level | undefined, to: Level | undefined, name: string | Buffer, path: string, depth: number): void {
    const ownBefore = this.#own(from, name, this.#from);
    const ownAfter = this.#own(to, name, this.#to);
    const before = seen(from, name, ownBefore);
    const after = seen(to, name, ownAfter);
    this.#compare(before, after, path);

    // What lies below is the same on both sides, or another image's; only what the trees hold themselves is gone through.
    const enters = (own: Entry | undefined, view: Found | undefined) =>
      own?.kind === "directory" && view?.kind === "directory";
    if (!enters(ownBefore, before) && !enters(ownAfter, after)) return;
    using opened = new DisposableStack();
    const isFresh = ownBefore?.stats.ino !== ownAfter?.stats.ino;
    const inside = (level: Level | undefined, own: Entry | undefined, view: Found | undefined): Level | undefined => {
      if (level === undefined || view?.kind !== "directory") return undefined;
      const directory = own === undefined ? undefined : level.own?.directory(name);
      if (directory !== undefined) opened.use(directory);
      // Another file system is mounted there, or it went meanwhile.
      else if (own !== undefined) this.#incomplete = true;
      const below = level.below.directory(name, directory, this.#around.budget);
      return { own: directory, below: opened.use(below), isFresh: isFresh && directory !== undefined };
    };
    this.#directory(inside(from, ownBefore, before), inside(to, ownAfter, after), `${path}/`, depth + 1);
  }

  #own(level: Level | undefined, name: string | Buffer, counted: Counted): Entry | undefined {
    const entry = level?.own?.entry(name);
    if (entry === undefined) return undefined;
    this.#around.budget.look();
    if (entry.kind === "directory" || isMark(level, entry)) return entry;
    counted.files += 1;
    if (entry.kind === "file") counted.bytes += Number(entry.stats.size);
    return entry;
  }

  #compare(before: Found | undefined, after: Found | undefined, path: string): void {
    const bytes = (found: Found | undefined) => (found?.kind === "file" ? Number(found.stats.size) : undefined);
    const told = (change: FileChange["change"], kind: FileChange["kind"], now?: number, was?: number) =>
      this.#tell({
        path,
        change,
        kind,
        ...(now === undefined ? {} : { bytes: now }),
        ...(was === undefined ? {} : { bytesBefore: was }),
      });
    if (before === undefined && after === undefined) return;
    if (before === undefined) told("added", after?.kind ?? "file", bytes(after));
    else if (after === undefined) told("removed", before.kind, bytes(before));
    else if (this.#differ(before, after)) told("changed", after.kind, bytes(after), bytes(before));
  }

  #differ(before: Found, after: Found): boolean {
    const { suspectSinceNs, budget } = this.#around;
    return before.kind !== after.kind || differ(before, after, suspectSinceNs, budget);
  }

  #tell(change: FileChange): void {
    // Of a tree that came or went as a whole its size is what there is to say.
    if (this.#pair.from === undefined || this.#pair.to === undefined) return;
    this.#counts[change.change] += 1;
    this.#around.budget.list(this.#changes, change);
  }
}

/** What a level holds itself, and what it sees below where the other side may hide that. */
function namesOf(level: Level | undefined, other: Level | undefined): readonly Name[] | undefined {
  const own = level?.own === undefined ? [] : level.own.names(mostNames);
  const below = other?.isFresh && other.below.isEmpty ? (level?.below.names(mostNames) ?? []) : [];
  return own === undefined ? undefined : [...own, ...below];
}

/** What a look into the whole tree finds under a name: its own, or what shines through. */
function seen(level: Level | undefined, name: string | Buffer, own: Entry | undefined): Found | undefined {
  if (level === undefined) return undefined;
  if (own === undefined) return level.below.find(name);
  return level.own === undefined || isMark(level, own) ? undefined : { ...own, directory: level.own, name };
}

/** Whiteouts mean something only where there can be layers below. */
function isMark(level: Level | undefined, entry: Entry): boolean {
  return level?.below.isLayered === true && isWhiteout(entry);
}

function reach(root: Directory, path: string): Directory | undefined {
  let at: Directory | undefined = root;
  for (const name of path.split("/")) {
    const next: Directory | undefined = at?.directory(name);
    if (at !== root) at?.[Symbol.dispose]();
    at = next;
  }
  return at;
}
