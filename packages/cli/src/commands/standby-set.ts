import { snapshotArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { UsageError } from "../failure.ts";
import { flag, text } from "../options.ts";

const mostWaiting = 100;

export const standbySet = defineCommand({
  summary: "Keep standby clones of a snapshot ready",
  description:
    "'clone' and 'run' claim a standby clone of the snapshot, and the daemon prepares another one. Standby clones are suspended:\n" +
    "they use no CPU but hold memory. The daemon's settings standby.max_count and standby.max_memory limit them.",
  args: { snapshot: snapshotArgument },
  options: {
    count: text("n", "Number of standby clones; 0 removes them"),
    running: flag("Keep them running instead of suspended"),
    remove: flag("Remove the standby clones of the snapshot"),
  },
  examples: [
    "dockersnap standby web@golden --count 2",
    "dockersnap standby web@golden --remove",
    "dockersnap standby list",
  ],
  async run({ args, options, client, follow, out }) {
    const { instance, label } = args.snapshot;
    const snapshot = `${instance}@${label}`;
    const count = countOf(options);
    if (count === 0) {
      await follow((following) => client.instances.removeStandby(instance, label, following));
      await out.done(undefined, {
        text: () => `No standby clones of ${snapshot} are kept any more.\n`,
        names: () => [snapshot],
      });
      return undefined;
    }
    const request = { count, ...(options.running ? { frozen: false } : {}) };
    const set = await follow((following) => client.instances.setStandby(instance, label, request, following));
    await out.done(set, {
      text: () => `${count} standby ${count === 1 ? "clone" : "clones"} of ${snapshot} will be kept ready.\n`,
      names: () => [snapshot],
    });
    out.note("See how many are ready with: dockersnap standby list");
    return undefined;
  },
});

function countOf({ count, remove }: { readonly count: string | undefined; readonly remove: boolean }): number {
  if (remove && count !== undefined) throw new UsageError("Say either --count or --remove.");
  if (remove) return 0;
  if (count === undefined) throw new UsageError("Say how many standby clones to keep, such as --count 2, or --remove.");
  if (/^\d{1,3}$/.test(count) && Number(count) <= mostWaiting) return Number(count);
  throw new UsageError(`'${count}' is no count: expected a whole number from 0 to ${mostWaiting}.`);
}
