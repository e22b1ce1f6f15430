import type { KeepRules } from "@dockersnap/contract/words";

interface Dated {
  readonly label: string;
  readonly createdAt: string;
}

const dayMs = 86_400_000;

/** The span of time a moment falls into, as a text that is the same for all moments of that span. In UTC. */
const spans: Readonly<Record<Exclude<keyof KeepRules, "last">, (time: string) => string>> = {
  hourly: (time) => time.slice(0, "2026-01-01T00".length),
  daily: (time) => time.slice(0, "2026-01-01".length),
  // The first of January 1970 was a Thursday, so three days more make weeks begin on Monday.
  weekly: (time) => String(Math.floor((Date.parse(time) / dayMs + 3) / 7)),
  monthly: (time) => time.slice(0, "2026-01".length),
};

/** Labels of those that some rule keeps: the last so many, and the newest of each of the newest so many spans that have one. */
export function keptBy(rules: KeepRules, snapshots: readonly Dated[]): ReadonlySet<string> {
  const newestFirst = snapshots.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  const kept = new Set(newestFirst.slice(0, rules.last ?? 0).map(({ label }) => label));
  for (const [rule, spanOf] of Object.entries(spans) as [keyof typeof spans, (time: string) => string][]) {
    const seen = new Set<string>();
    for (const { label, createdAt } of newestFirst) {
      const span = spanOf(createdAt);
      if (seen.has(span) || seen.size === (rules[rule] ?? 0)) continue;
      seen.add(span);
      kept.add(label);
    }
  }
  return kept;
}

/** Such as `the last 3, 24 hourly and 7 daily`. */
export function rulesInWords(rules: KeepRules): string {
  const { last, ...byTime } = rules;
  const words = [
    ...(last === undefined ? [] : [`the last ${last}`]),
    ...Object.entries(byTime).map(([rule, count]) => `${count} ${rule}`),
  ];
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
