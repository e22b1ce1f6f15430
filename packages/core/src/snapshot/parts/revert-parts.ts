import type { RevertRequest } from "@dockersnap/contract/words";
import type { Context } from "../../context.ts";
import { findSnapshot } from "../../instance/lookup.ts";
import type { OperationKind } from "../../operation/kind.ts";
import { appended, revertLine } from "../reverts.ts";
import { type PartsState, replacingParts } from "./replace-parts.ts";

export type RevertPartsInput = Required<Pick<RevertRequest, "label" | "only">> & { readonly name: string };

/** Put some volumes and containers of an instance back, and leave the rest as it is, running. It can be undone as well. */
export function revertParts(context: Context): OperationKind<RevertPartsInput, PartsState> {
  const { records } = context.platform;
  return replacingParts(context, {
    name: "revert-parts",
    act: "revert",
    choose({ name, label, only }, { record, keptAs, at }) {
      findSnapshot(records, name, label);
      const names = [...new Set(only)];
      return {
        target: label,
        parts: names,
        ran: ranWhenKept(context, name, label),
        absent: "refused",
        reverts: (ran) =>
          appended(revertLine(records, name), {
            ...{ instance: name, at, from: record.head, to: label, parts: { names, ran } },
            ...{ keptAs, redoAs: undefined, lost: false },
          }),
      };
    },
    result: () => ({ status: "ok" }),
  });
}

/** Containers that were stopped so that this snapshot could keep them, though they ran. */
function ranWhenKept({ platform: { records } }: Context, instance: string, label: string): readonly string[] {
  return records.reverts
    .of(instance)
    .filter((revert) => (revert.redoAs ?? revert.keptAs) === label)
    .flatMap(({ parts }) => parts?.ran ?? []);
}
