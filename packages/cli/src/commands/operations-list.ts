import { defineCommand } from "../command.ts";
import { table } from "../output/table.ts";
import { age } from "../output/time.ts";

export const operationsList = defineCommand({
  summary: "List the operations",
  args: {},
  examples: ["dockersnap operations", "dockersnap operations list -o json"],
  async run({ client, out }) {
    const all = await client.operations.list();
    const rows = all.map((one) => [one.id, one.kind, one.instance, one.status, age(one.started_at), one.requested_by]);
    await out.result(all, {
      text: () => table(["ID", "KIND", "INSTANCE", "STATUS", "AGE", "ASKED BY"], rows, out.colors.bold),
      names: () => all.map((one) => one.id),
    });
  },
});
