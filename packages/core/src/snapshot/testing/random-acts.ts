import type { HistoryAct, HistoryModel } from "./history-model.ts";

/** What a generator of numbers draws: which act comes next, and which of the things there are it is about. */
export interface Draw {
  readonly kind: HistoryAct["kind"];
  readonly instance: number;
  readonly label: number;
  readonly other: number;
}

/** How often each act is drawn, beside each other. */
export const actWeights: Readonly<Record<HistoryAct["kind"], number>> = {
  write: 6,
  snapshot: 5,
  revert: 6,
  undo: 6,
  redo: 4,
  "remove-snapshot": 7,
  rename: 1,
  clone: 1,
  create: 1,
  delete: 0.5,
};

const names = ["web", "db", "bench", "other"];
const labels = ["one", "two", "three", "four", "five"];

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
  const all = names.map(called);
  const any = pick(all, instance);
  const present = pick(model.names(), instance) ?? any;
  const kept = (name: string) => pick([...model.labels(name), "absent"], label);
  switch (kind) {
    case "create":
      return { kind, name: any };
    case "write":
      return { kind, name: present, data: `written in turn ${turn}` };
    case "snapshot":
      return { kind, name: present, label: pick(labels, label) };
    case "revert":
    case "remove-snapshot":
      return { kind, name: present, label: kept(present) };
    case "rename":
      return { kind, name: present, label: kept(present), to: `named-${turn}` };
    case "clone":
      return { kind, source: present, label: kept(present), name: pick(all, other) };
    case "undo":
    case "redo":
    case "delete":
      return { kind, name: present };
  }
}

function pick<T>(from: readonly [T, ...T[]] | readonly T[], number: number): T {
  return from[number % from.length] as T;
}
