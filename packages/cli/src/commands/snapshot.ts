import type { SnapshotMode } from "@dockersnap/contract/words";
import { snapshotArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { parseExpiry } from "../config/expiry.ts";
import { parseTags } from "../config/pairs.ts";
import { flag, list, text } from "../options.ts";
import { span } from "../output/time.ts";

export const snapshot = defineCommand({
  summary: "Take a snapshot of an instance",
  description:
    "live stops nothing: the snapshot is what a machine would find after a power cut. paused freezes the containers while the\n" +
    "snapshot is taken. stopped stops them first and restarts them afterwards.",
  args: { snapshot: { ...snapshotArgument, completes: "instance" } },
  options: {
    tag: list("key=value", "Tag the snapshot, with or without a value; may be repeated"),
    mode: text("mode", "What happens to running containers: live (default), paused or stopped", {
      choices: ["live", "paused", "stopped"],
    }),
    expires: text("when", "Delete it automatically after a duration such as 12h or 7d, or at a time"),
    protect: flag("Protect it from deletion"),
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
