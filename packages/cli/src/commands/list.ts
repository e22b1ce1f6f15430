import type { Instance } from "@dockersnap/contract/words";
import { defineCommand } from "../command.ts";
import { flag } from "../options.ts";
import { table } from "../output/table.ts";
import { age } from "../output/time.ts";
import { warnOfPool } from "../pool.ts";

export const list = defineCommand({
  summary: "List the instances",
  args: {},
  options: { all: flag("Those too that dockersnap made for itself", { short: "a" }) },
  examples: ["dockersnap list", "dockersnap list -o name", "dockersnap list -o json"],
  async run({ options: { all }, client, out }) {
    const [instances] = await Promise.all([client.instances.list({ all }), warnOfPool(client, out)]);
    await out.result(instances, {
      text: () =>
        table(
          ["NAME", "STATUS", "HEALTH", "PLUGIN", "SNAPSHOTS", "AGE", "OPERATION", ...(all ? ["MADE FOR"] : [])],
          instances.map((instance) => [...row(instance), ...(all ? [instance.purpose ?? ""] : [])]),
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
