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
      text: () =>
        table(["NAME", "CRON (UTC)", "DOES", "KEEPS", "MODE", "LAST", "NEXT", ""], all.map(row), out.colors.bold),
      names: () => all.map(({ id }) => id),
    });
  },
});

function row(schedule: Schedule): string[] {
  const { id, cron, action = "snapshot", of, mode, last_run_at, next_run_at, last_error } = schedule;
  const takes = action === "snapshot";
  return [
    id,
    cron,
    of === undefined ? action : `${action} of ${of}`,
    takes ? kept(schedule) : "",
    takes ? mode : "",
    last_run_at === undefined ? "" : `${age(last_run_at)} ago`,
    next_run_at === undefined ? "never" : `in ${timeLeft(next_run_at)}`,
    last_error ?? "",
  ];
}

function kept({ keep }: Schedule): string {
  if (keep === undefined) return "all";
  return Object.entries(keep)
    .map(([rule, count]) => `${rule}=${count}`)
    .join(" ");
}
