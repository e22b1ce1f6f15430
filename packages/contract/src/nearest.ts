/** Longer words are not compared: nobody mistypes them into one another, and the cost grows with the square. */
const longestCompared = 64;

/** More candidates are not looked at: whoever names thousands of things has no use for the nearest. */
const mostCandidates = 1_000;

/** So few letters are the beginning of anything. */
const shortestBeginning = 3;

/** More than these nobody reads. */
const mostOffered = 3;

/**
 * Those a person may have meant, best first and three at most: the nearest one, then what begins with the word, in their
 * order.
 */
export function nearestOf(word: string, candidates: Iterable<string>): readonly string[] {
  if (word.length > longestCompared) return [];
  const all = firstOf(candidates);
  const best = closest(word, all);
  const begun = word.length < shortestBeginning ? [] : all.filter((one) => beginsWith(one, word));
  return [...new Set([...(best === undefined ? [] : [best]), ...begun])].slice(0, mostOffered);
}

/** Those as a question at the end of a sentence; empty where there are none. */
export function didYouMean(names: readonly string[]): string {
  const quoted = names.map((name) => `'${name}'`);
  const last = quoted.pop();
  if (last === undefined) return "";
  return ` Did you mean ${quoted.length === 0 ? last : `${quoted.join(", ")} or ${last}`}?`;
}

/**
 * The candidate a person most likely meant by `word`, or undefined when none is close: one edit in three letters, a swap of
 * two neighbours counting as one, or else the only one that begins with it. Case does not count. Of several equally near, the
 * first.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const [first, second] = nearestOf(word, candidates);
  return second === undefined ? first : closest(word, [first, second].map(String));
}

function firstOf(candidates: Iterable<string>): readonly string[] {
  const first: string[] = [];
  for (const candidate of candidates) {
    if (first.length === mostCandidates) break;
    first.push(candidate);
  }
  return first;
}

function beginsWith(candidate: string, word: string): boolean {
  return candidate.length > word.length && candidate.toLowerCase().startsWith(word.toLowerCase());
}

function closest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bound = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.max(wanted.length, candidate.length) > longestCompared) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bound && distance < Math.max(wanted.length, candidate.length)) {
      best = candidate;
      bound = distance;
    }
  }
  return best;
}

/** Insertions, removals, replacements and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = at(last, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      let cost = Math.min(replaced, at(last, column) + 1, at(current, column - 1) + 1);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, at(beforeLast, column - 2) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

const at = (row: readonly number[], column: number) => row[column] ?? Number.POSITIVE_INFINITY;
