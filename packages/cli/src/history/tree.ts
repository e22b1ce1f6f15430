/** A point of a tree: what it is called, and what it came from, where that is one of the tree's own. */
export interface Point {
  readonly name: string;
  readonly parent: string | undefined;
}

/** One line of the drawing. */
export interface Row<P extends Point> {
  /** What is drawn before the point's own mark. */
  readonly lead: string;
  readonly point: P;
}

/**
 * Lay a tree out, a point a line, each below what it came from. A line goes straight down and what branches off it is drawn
 * beside it, so that the depth grows with the branching and not with the length. The way to `tip` is the straight one and
 * `tip` comes last; elsewhere it is the largest branch. A point whose parent is not there hangs on `root`, and so does one
 * of those whose parents form a circle.
 */
export function layOut<P extends Point>(root: P, points: readonly P[], tip: P): readonly Row<P>[] {
  const children = childrenOf(root, [...points, tip]);
  const straight = straightChildren(root, children, tip);
  const rows: Row<P>[] = [];
  const waiting = [{ point: root, lead: "", below: "" }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { point, lead, below } = next;
    rows.push({ lead, point });
    const main = straight.get(point);
    if (main === undefined) continue;
    waiting.push({ point: main, lead: below, below });
    const beside = (children.get(point) ?? []).filter((child) => child !== main).reverse();
    for (const child of beside) waiting.push({ point: child, lead: `${below}├─`, below: `${below}│ ` });
  }
  return rows;
}

function childrenOf<P extends Point>(root: P, points: readonly P[]): Map<P, P[]> {
  const byName = new Map(points.map((point) => [point.name, point]));
  const parents = new Map<P, P>();
  for (const point of points) {
    const way = new Set<P>();
    for (let at = point; at !== root && !parents.has(at); ) {
      way.add(at);
      const named = at.parent === undefined ? root : (byName.get(at.parent) ?? root);
      // Whoever would close a circle hangs on the root.
      const parent = way.has(named) ? root : named;
      parents.set(at, parent);
      at = parent;
    }
  }
  return Map.groupBy(points, (point) => parents.get(point) ?? root);
}

/** For each point the child its line goes on with. */
function straightChildren<P extends Point>(root: P, children: ReadonlyMap<P, readonly P[]>, tip: P): Map<P, P> {
  const topDown: P[] = [root];
  for (const point of topDown) for (const child of children.get(point) ?? []) topDown.push(child);
  const weights = new Map<P, number>();
  const straight = new Map<P, P>();
  for (const point of topDown.reverse()) {
    let weight = point === tip ? Number.POSITIVE_INFINITY : 1;
    let heaviest = 0;
    for (const child of children.get(point) ?? []) {
      const own = weights.get(child) ?? 0;
      weight += own;
      // Of equal ones the latest.
      if (own >= heaviest) straight.set(point, child);
      heaviest = Math.max(heaviest, own);
    }
    weights.set(point, weight);
  }
  return straight;
}
