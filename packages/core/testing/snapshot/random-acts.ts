import fc from "fast-check";
import type { HistoryAct, HistoryModel } from "./history-model.ts";

/** What a generator of numbers draws: which act comes next, and which of the things there are it is about. */
export interface Draw {
  readonly kind: HistoryAct["kind"];
  readonly instance: number;
  readonly label: number;
  readonly other: number;
}

/** How often each act is drawn, beside each other. */
const actWeights: Readonly<Record<HistoryAct["kind"], number>> = {
  write: 12,
  snapshot: 10,
  revert: 16,
  undo: 10,
  redo: 5,
  "remove-snapshot": 14,
  rename: 2,
  clone: 2,
  create: 2,
  delete: 1,
};

/** What `actOf` makes acts from, as fast-check draws it. */
export const draws: fc.Arbitrary<Draw> = fc.record({
  kind: fc.oneof(
    ...Object.entries(actWeights).map(([kind, weight]) => ({
      weight,
      arbitrary: fc.constant(kind as HistoryAct["kind"]),
    })),
  ),
  instance: fc.nat(99),
  label: fc.nat(99),
  other: fc.nat(99),
});

const replacing = ["note", "halt", "keep", "swap", "network", "engine", "ports", "commit"];
const making = ["reserve", "dataset", "network", "engine", "ports", "commit"];

/** The steps of each act's operation, at whose moments it can be disturbed. */
export const stepsOf: Readonly<Record<HistoryAct["kind"], readonly string[]>> = {
  write: [],
  create: making,
  clone: making,
  delete: ["mark", "engine", "network", "dataset", "forget"],
  snapshot: ["settle", "take", "look", "record"],
  revert: replacing,
  undo: replacing,
  redo: replacing,
  "remove-snapshot": ["dataset", "forget"],
  rename: ["dataset", "record"],
};

const names = ["web", "db", "bench", "other"] as const;
const labels = ["one", "two", "three", "four", "five"] as const;
/** One in so many names a snapshot there is not. */
const rareness = 16;

/**
 * The act a draw stands for, as things are by then, so that a shorter list of draws still means something. Now and then it
 * names what is not there. `turn` makes what is written and renamed to unlike all before.
 */
export function actOf(
  { kind, instance, label, other }: Draw,
  model: HistoryModel,
  turn: number,
  called: (name: string) => string = String,
): HistoryAct {
  const any = called(pick(names, instance));
  const present = pick(model.names(), instance);
  if (present === undefined) return { kind: "create", name: any };
  const kept = other % rareness === 1 ? "absent" : pick(model.labels(present), label);
  const snapshot = { kind: "snapshot", name: present, label: pick(labels, label) } as const;
  switch (kind) {
    case "create":
      return { kind, name: any };
    case "write":
      return { kind, name: present, data: `written in turn ${turn}` };
    case "snapshot":
      return snapshot;
    case "revert":
    case "remove-snapshot":
      return kept === undefined ? snapshot : { kind, name: present, label: kept };
    case "rename":
      return kept === undefined ? snapshot : { kind, name: present, label: kept, to: `named-${turn}` };
    case "clone":
      return kept === undefined ? snapshot : { kind, source: present, label: kept, name: called(pick(names, other)) };
    case "undo":
    case "redo":
    case "delete":
      return { kind, name: present };
  }
}

function pick<T>(from: readonly [T, ...T[]], number: number): T;
function pick<T>(from: readonly T[], number: number): T | undefined;
function pick<T>(from: readonly T[], number: number): T | undefined {
  return from[number % from.length];
}
