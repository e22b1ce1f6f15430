import { defineCommand } from "../command.ts";
import { table } from "../output/table.ts";
import { age } from "../output/time.ts";

export const standbyList = defineCommand({
  summary: "List snapshots that have standby clones",
  args: {},
  examples: ["dockersnap standby list"],
  async run({ client, out }) {
    const all = await client.standbys();
    const rows = all.map(({ instance, label, count, ready, frozen, created_at, problem }) => [
      `${instance}@${label}`,
      `${ready} of ${count}`,
      frozen ? "frozen" : "running",
      age(created_at),
      problem ?? "",
    ]);
    await out.result(all, {
      text: () => table(["SNAPSHOT", "READY", "HELD", "SINCE", ""], rows, out.colors.bold),
      names: () => all.map(({ instance, label }) => `${instance}@${label}`),
    });
  },
});
