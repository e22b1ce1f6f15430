import type { Instance } from "@dockersnap/contract/words";
import { defineCommand } from "../command.ts";
import { table } from "../output/table.ts";
import { age } from "../output/time.ts";
import { warnOfPool } from "../pool.ts";

export const list = defineCommand({
  summary: "List the instances",
  args: {},
  examples: ["dockersnap list", "dockersnap list -o name", "dockersnap list -o json"],
  async run({ client, out }) {
    const [instances] = await Promise.all([client.instances.list(), warnOfPool(client, out)]);
    await out.result(instances, {
      text: () =>
        table(
          ["NAME", "STATUS", "HEALTH", "PLUGIN", "SNAPSHOTS", "AGE", "OPERATION"],
          instances.map(row),
          out.colors.bold,
        ),
      names: () => instances.map((one) => one.name),
    });
    if (instances.length === 0) out.note("No instances yet. Create one with: dockersnap create <name>");
  },
});

function row(instance: Instance): string[] {
  return [
    instance.name,
    instance.status,
    instance.health ?? "",
    instance.workload_plugin ?? "",
    String(instance.snapshots.length),
    age(instance.created_at),
    instance.operation?.kind ?? "",
  ];
}
