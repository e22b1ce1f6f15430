import type { Operation } from "@dockersnap/contract/words";

const sentences: Readonly<Record<string, (instance: string) => string>> = {
  create: (name) => `Instance '${name}' is running.`,
  clone: (name) => `Instance '${name}' is running.`,
  start: (name) => `Instance '${name}' is running.`,
  restart: (name) => `Instance '${name}' is running.`,
  stop: (name) => `Instance '${name}' is stopped.`,
  delete: (name) => `Instance '${name}' is deleted.`,
  "change-instance": (name) => `Instance '${name}' is changed.`,
  snapshot: (name) => `The snapshot of instance '${name}' is taken.`,
  revert: (name) => `Instance '${name}' is reverted.`,
  "revert-parts": (name) => `The parts of instance '${name}' are reverted.`,
  undo: (name) => `The last revert of instance '${name}' is undone.`,
  redo: (name) => `The last undone revert of instance '${name}' is redone.`,
  "change-snapshot": (name) => `The snapshot of instance '${name}' is changed.`,
  "remove-snapshot": (name) => `The snapshot of instance '${name}' is deleted.`,
  sweep: (name) => `The expired snapshots of instance '${name}' are deleted.`,
  verify: (name) => `The verification of a snapshot of instance '${name}' is finished.`,
  "add-schedule": (name) => `The schedule of instance '${name}' is saved.`,
  "remove-schedule": (name) => `The schedule of instance '${name}' is removed.`,
  "set-standby": (name) => `The standby clones of instance '${name}' are requested.`,
  "remove-standby": (name) => `The standby clones of instance '${name}' are no longer requested.`,
};

/** How an operation that is done is told to end, where no plugin had words of its own. */
export function closingSentence({ kind, instance }: Pick<Operation, "kind" | "instance">): string {
  return sentences[kind]?.(instance) ?? `The ${kind} of '${instance}' is done.`;
}
