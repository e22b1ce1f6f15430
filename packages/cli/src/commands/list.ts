import type { Instance } from "@dockersnap/contract/words";
import { defineCommand } from "../command.ts";
import { flag } from "../options.ts";
import { table } from "../output/table.ts";
import { age } from "../output/time.ts";
import { warnOfPool } from "../pool.ts";

type Column = readonly [title: string, value: (instance: Instance) => string | undefined];

const always: readonly Column[] = [
  ["NAME", ({ name }) => name],
  ["STATUS", ({ status }) => status],
  ["HEALTH", ({ health }) => health],
  ["PLUGIN", ({ workload_plugin }) => workload_plugin],
  ["SNAPSHOTS", ({ snapshots }) => String(snapshots.length)],
  ["AGE", ({ created_at }) => age(created_at)],
  ["OPERATION", ({ operation }) => operation?.kind],
];
const wide: readonly Column[] = [
  ["CREATED", ({ created_at }) => created_at],
  ["SUBNET", ({ subnet }) => subnet],
  ["CLONE OF", ({ clone_of }) => clone_of],
];
const madeFor: Column = ["MADE FOR", ({ purpose }) => purpose];

export const list = defineCommand({
  summary: "List the instances",
  args: {},
  options: { all: flag("Also list instances that dockersnap created for its own use", { short: "a" }) },
  examples: ["dockersnap list", "dockersnap list -o wide", "dockersnap list -o name", "dockersnap list -o json"],
  async run({ options: { all }, client, out }) {
    const [instances] = await Promise.all([client.instances.list({ all }), warnOfPool(client, out)]);
    await out.result(instances, {
      text: () => {
        const columns = [...always, ...(out.style.wide ? wide : []), ...(all ? [madeFor] : [])];
        return table(
          columns.map(([title]) => title),
          instances.map((instance) => columns.map(([, value]) => value(instance) ?? "")),
          out.colors.bold,
        );
      },
      names: () => instances.map((one) => one.name),
    });
    if (instances.length === 0) out.note("No instances yet. Create one with: dockersnap create <name>");
  },
});
