import { word } from "../arguments.ts";
import { defineCommand } from "../command.ts";

export const operationsCancel = defineCommand({
  summary: "Cancel an operation and undo what it did",
  args: { id: word("id", "The operation", "operation") },
  examples: ["dockersnap operations cancel op-mwse23jd-1360c9c0"],
  async run({ args, client, out }) {
    await client.operations.cancel(args.id);
    await out.done(undefined, { text: () => `Asked ${args.id} to stop.\n`, names: () => [args.id] });
    out.note(`See how far it is with: dockersnap operations show ${args.id}`);
  },
});
