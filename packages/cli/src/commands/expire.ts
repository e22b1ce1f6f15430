import { snapshotArgument, word } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { parseExpiry } from "../config/expiry.ts";

export const expire = defineCommand({
  summary: "Set when a snapshot is deleted automatically, or that it never is",
  args: {
    snapshot: snapshotArgument,
    when: word("when", "A duration from now such as 12h or 7d, a time such as 2026-12-24T18:00:00Z, or never", [
      "never",
    ]),
  },
  examples: ["dockersnap expire web@before-upgrade 7d", "dockersnap expire web@before-upgrade never"],
  async run({ args, client, follow, out }) {
    const { instance, label } = args.snapshot;
    const change = { expires_at: parseExpiry(args.when, args.when) };
    const changed = await follow((following) => client.instances.changeSnapshot(instance, label, change, following));
    const name = `${instance}@${label}`;
    const until = changed.expires_at === undefined ? "does not expire" : `expires at ${changed.expires_at}`;
    await out.done(changed, { text: () => `${name} ${until}.\n`, names: () => [name] });
    return undefined;
  },
});
