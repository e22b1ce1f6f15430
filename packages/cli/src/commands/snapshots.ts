import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { table } from "../output/table.ts";
import { age, timeLeft } from "../output/time.ts";

export const snapshots = defineCommand({
  summary: "List an instance's snapshots",
  args: { name: instanceArgument },
  examples: ["dockersnap snapshots web", "dockersnap snapshots web -o name"],
  async run({ args, client, out }) {
    const all = await client.instances.snapshots(args.name);
    const rows = all.map((one) => [
      one.label,
      age(one.created_at),
      one.mode ?? "",
      one.parent ?? "",
      one.protected ? "yes" : "",
      one.expires_at === undefined ? "" : `in ${timeLeft(one.expires_at)}`,
      Object.entries(one.tags ?? {})
        .map(([key, value]) => `${key}=${value}`)
        .join(" "),
    ]);
    await out.result(all, {
      text: () => table(["LABEL", "AGE", "MODE", "PARENT", "PROTECTED", "EXPIRES", "TAGS"], rows, out.colors.bold),
      names: () => all.map((one) => `${args.name}@${one.label}`),
    });
  },
});
