import type { Schedule } from "@dockersnap/contract/words";
import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { table } from "../output/table.ts";
import { age, timeLeft } from "../output/time.ts";

export const scheduleList = defineCommand({
  summary: "List the schedules of an instance",
  args: { name: instanceArgument },
  examples: ["dockersnap schedule list web"],
  async run({ args, client, out }) {
    const all = await client.instances.schedules(args.name);
    await out.result(all, {
      text: () => table(["NAME", "CRON (UTC)", "KEEPS", "MODE", "LAST", "NEXT", ""], all.map(row), out.colors.bold),
      names: () => all.map(({ id }) => id),
    });
  },
});

function row({ id, cron, keep, mode, last_run_at, next_run_at, last_error }: Schedule): string[] {
  return [
    id,
    cron,
    keep === undefined
      ? "all"
      : Object.entries(keep)
          .map(([rule, count]) => `${rule}=${count}`)
          .join(" "),
    mode,
    last_run_at === undefined ? "" : `${age(last_run_at)} ago`,
    next_run_at === undefined ? "never" : `in ${timeLeft(next_run_at)}`,
    last_error ?? "",
  ];
}
