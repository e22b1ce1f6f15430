import type { Operation, OperationStep } from "@dockersnap/contract/words";
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
  return steps === "" ? head : `${head}\n${bold("Steps")}\n${steps}`;
}

function took({ started_at, ended_at }: Pick<OperationStep, "started_at" | "ended_at">): string | undefined {
  return ended_at === undefined ? undefined : span(Date.parse(ended_at) - Date.parse(started_at));
}
