import type { Operation, OperationStep, SweepResult } from "@dockersnap/contract/words";
import { word } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { fields } from "../output/table.ts";
import { span } from "../output/time.ts";

export const operationsShow = defineCommand({
  summary: "Show one operation with its steps",
  args: { id: word("id", "The operation", "operation") },
  examples: ["dockersnap operations show op-mwse23jd-1360c9c0"],
  async run({ args, client, out }) {
    const operation = await client.operations.get(args.id);
    await out.result(operation, { text: () => shown(operation, out.colors.bold), names: () => [operation.id] });
  },
});

function shown(operation: Operation, bold: (text: string) => string): string {
  const head = fields(
    [
      ["Operation", operation.id],
      ["Kind", operation.kind],
      ["Instance", operation.instance],
      ["Status", operation.status],
      ["Asked by", operation.requested_by],
      ["Started", operation.started_at],
      ["Took", took(operation)],
      ["Error", operation.error?.error],
      ["After a restart", operation.recovered],
    ],
    bold,
  );
  const steps = fields(
    operation.steps.map((step) => [step.name, [step.status, took(step), step.error].filter(Boolean).join("  ")]),
    String,
  );
  const sections = [
    ["Steps", steps],
    ["Removed", fields(removals(operation), String)],
  ].flatMap(([title = "", lines]) => (lines === "" ? [] : [`${bold(title)}\n${lines}`]));
  return [head, ...sections].join("\n");
}

/** What a sweep removed, and why. */
function removals({ kind, result }: Operation): [string, string][] {
  if (kind !== "sweep" || result === undefined) return [];
  return (result as SweepResult).removed.map(({ label, reason }) => [label, reason]);
}

function took({ started_at, ended_at }: Pick<OperationStep, "started_at" | "ended_at">): string | undefined {
  return ended_at === undefined ? undefined : span(Date.parse(ended_at) - Date.parse(started_at));
}
