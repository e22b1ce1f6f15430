import type { KeepRules, SnapshotMode } from "@dockersnap/contract/words";
import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { parseTags, parseTexts } from "../config/pairs.ts";
import { parseVerifyTimeout } from "../config/seconds.ts";
import { UsageError } from "../failure.ts";
import { flag, list, text } from "../options.ts";

const rules = ["last", "hourly", "daily", "weekly", "monthly"] as const;

export const scheduleAdd = defineCommand({
  summary: "Schedule snapshots of an instance, or their verification",
  description:
    "The expression has five fields, or six with seconds first, or is a word such as @hourly; all times are UTC. With --keep,\n" +
    "snapshots of this schedule that no rule keeps are deleted, unless they are protected.\n" +
    "Stopped instances are skipped, busy ones are waited for. If runs were missed while the daemon was down, one is made up for.\n" +
    "With --verify, the schedule takes no snapshots and verifies the newest one, as 'dockersnap verify' does.",
  args: { name: instanceArgument },
  options: {
    cron: text("expression", "When to run, such as @hourly or '0 3 * * *'"),
    name: text("schedule", "Name of the schedule; generated unless given"),
    label: text("template", "Template of the snapshots' labels; must contain {time}"),
    keep: list("rule=n", "How many to keep: last, hourly, daily, weekly or monthly; may be repeated", {
      completes: rules.map((rule) => `${rule}=`),
    }),
    mode: text("mode", "What happens to running containers: live (default), paused or stopped", {
      choices: ["live", "paused", "stopped"],
    }),
    tag: list("key=value", "Tag each snapshot, with or without a value; may be repeated"),
    verify: flag("Verify the newest snapshot instead of taking one"),
    of: text("schedule", "With --verify: verify the newest snapshot of this schedule"),
    timeout: text("seconds", "With --verify: seconds to wait until the clone is healthy (120)"),
  },
  examples: [
    "dockersnap schedule add web --cron @hourly --keep hourly=24 --keep daily=7 --keep weekly=4",
    "dockersnap schedule add web --cron @daily --verify --of nightly",
    "dockersnap schedule add web --name nightly --cron '0 3 * * *' --label 'night-{time}' --keep last=14",
  ],
  async run({ args, options, client, follow, out }) {
    const { cron, name, label, keep, mode, tag, verify, of, timeout } = options;
    if (cron === undefined)
      throw new UsageError("Say when: --cron @hourly, or an expression such as --cron '0 3 * * *'.");
    if (verify) refuseOthers({ label, keep: keep[0], mode, tag: tag[0] }, "goes without --verify");
    else refuseOthers({ of, timeout }, "needs --verify");
    const request = {
      cron,
      ...(verify ? { action: "verify" as const } : {}),
      ...(of === undefined ? {} : { of }),
      ...(timeout === undefined ? {} : parseVerifyTimeout(timeout)),
      ...(name === undefined ? {} : { id: name }),
      ...(label === undefined ? {} : { label }),
      ...(keep.length === 0 ? {} : { keep: keepRules(keep) }),
      ...(mode === undefined ? {} : { mode: mode as SnapshotMode }),
      ...(tag.length === 0 ? {} : { tags: parseTags(tag, "--tag") }),
    };
    const added = await follow((following) => client.instances.addSchedule(args.name, request, following));
    const next = added.next_run_at === undefined ? "" : `, first at ${added.next_run_at}`;
    await out.done(added, {
      text: () => `Schedule ${added.id} ${verify ? "tries out" : "takes"} snapshots of ${args.name}${next}.\n`,
      names: () => [added.id],
    });
    return undefined;
  },
});

function refuseOthers(given: Record<string, string | undefined>, why: string): void {
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) throw new UsageError(`--${name} ${why}: a schedule takes snapshots or tries them out.`);
  }
}

function keepRules(words: readonly string[]): KeepRules {
  return Object.fromEntries(
    Object.entries(parseTexts(words, "--keep")).map(([rule, count]) => {
      if (!rules.some((known) => known === rule)) {
        throw new UsageError(`'--keep ${rule}=${count}' is no rule: expected one of ${rules.join(", ")}.`);
      }
      if (!/^\d{1,9}$/.test(count)) throw new UsageError(`'--keep ${rule}=${count}' names no number of snapshots.`);
      return [rule, Number(count)];
    }),
  );
}
