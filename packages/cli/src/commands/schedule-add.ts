import type { KeepRules, SnapshotMode } from "@dockersnap/contract/words";
import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { parseTags, parseTexts } from "../config/pairs.ts";
import { parseVerifyTimeout } from "../config/seconds.ts";
import { UsageError } from "../failure.ts";
import { flag, list, text } from "../options.ts";

const rules = ["last", "hourly", "daily", "weekly", "monthly"] as const;

export const scheduleAdd = defineCommand({
  summary: "Take snapshots of an instance by the clock, or try them out",
  description:
    "The expression has five fields, or six with seconds first, or is one such as @hourly, all in UTC. With --keep, what\n" +
    "none of the rules keeps is removed; only the schedule's own snapshots are, and never one that is protected.\n" +
    "A stopped instance is left out, a busy one is waited for, and of runs missed while the daemon was down one is made up.\n" +
    "With --verify the newest snapshot is tried out as 'dockersnap verify' does, and none are taken.",
  args: { name: instanceArgument },
  options: {
    cron: text("expression", "When, such as @hourly or '0 3 * * *'"),
    name: text("schedule", "What to call it; made up unless given"),
    label: text("template", "Labels of its snapshots, with {time} in them"),
    keep: list("rule=n", "How many stay: last, hourly, daily, weekly or monthly; may be repeated", {
      completes: rules.map((rule) => `${rule}=`),
    }),
    mode: text("mode", "How still it stands meanwhile; live unless given", { choices: ["live", "paused", "stopped"] }),
    tag: list("key=value", "A tag on each snapshot, with or without a value; may be repeated"),
    verify: flag("Try the newest snapshot out instead of taking one"),
    of: text("schedule", "With --verify: the newest that this schedule took"),
    timeout: text("seconds", "With --verify: how long it may take to be well (120)"),
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
