import type { SnapshotMode } from "@dockersnap/contract/words";
import { snapshotArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { parseExpiry } from "../config/expiry.ts";
import { parseTags } from "../config/pairs.ts";
import { flag, list, text } from "../options.ts";
import { span } from "../output/time.ts";

export const snapshot = defineCommand({
  summary: "Keep an instance as it is right now",
  description:
    "live stops nothing and is what a machine would find after a power cut; paused freezes the containers for the\n" +
    "moment it takes; stopped stops them cleanly first and starts them again.",
  args: { snapshot: { ...snapshotArgument, completes: "instance" } },
  options: {
    tag: list("key=value", "A tag to find it by, with or without a value; may be repeated"),
    mode: text("mode", "How still it stands meanwhile; live unless given", { choices: ["live", "paused", "stopped"] }),
    expires: text("when", "Remove it by itself then: a span such as 12h or 7d, or a time"),
    protect: flag("Keep it from being removed"),
  },
  examples: [
    "dockersnap snapshot web@before-upgrade",
    "dockersnap snapshot web s1 --tag ticket=42 --mode paused --expires 7d",
  ],
  async run({ args, options, client, follow, out }) {
    const { instance, label } = args.snapshot;
    const taken = await follow((following) =>
      client.instances.snapshot(
        instance,
        {
          label,
          ...(options.tag.length === 0 ? {} : { tags: parseTags(options.tag, "--tag") }),
          ...expiry(options.expires),
          ...(options.protect ? { protected: true } : {}),
          ...(options.mode === undefined ? {} : { mode: options.mode as SnapshotMode }),
        },
        following,
      ),
    );
    const name = `${instance}@${label}`;
    const frozen = taken.freeze_ms === undefined ? "" : `, containers frozen for ${span(taken.freeze_ms)}`;
    for (const warning of taken.warnings ?? []) out.warn(warning);
    for (const missing of taken.not_captured ?? []) out.warn(`Not in the snapshot: ${missing}`);
    await out.done(taken, { text: () => `Took ${name}${frozen}.\n`, names: () => [name] });
  },
});

function expiry(when: string | undefined): { expires_at?: string } {
  const time = when === undefined ? null : parseExpiry(when, `--expires ${when}`);
  return time === null ? {} : { expires_at: time };
}
