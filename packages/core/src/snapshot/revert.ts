import type { RevertRequest } from "@dockersnap/contract/words";
import type { Context } from "../context.ts";
import { findSnapshot } from "../instance/lookup.ts";
import type { OperationKind } from "../operation/kind.ts";
import { type ReplaceState, replacing } from "./replace.ts";
import { appended, revertLine } from "./reverts.ts";

export type RevertInput = Omit<RevertRequest, "force" | "only"> & { readonly name: string };

/** Put an instance back to one of its snapshots. It is remembered, so that `undo` can take it back. */
export function revertInstance(context: Context): OperationKind<RevertInput, ReplaceState> {
  const { records } = context.platform;
  return replacing(context, {
    act: "revert",
    choose({ name, label }, { record, keptAs, at }) {
      findSnapshot(records, name, label);
      const revert = {
        instance: name,
        at,
        from: record.head,
        to: label,
        parts: undefined,
        keptAs,
        redoAs: undefined,
        lost: false,
      };
      return { target: label, newHead: label, reverts: appended(revertLine(records, name), revert) };
    },
    result: () => ({ status: "ok" }),
  });
}
