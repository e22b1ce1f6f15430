import { snapshotArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { flag } from "../options.ts";

export const revert = defineCommand({
  summary: "Put an instance back to one of its snapshots",
  description: "Every snapshot stays, newer ones too, and what the instance is now is kept as one first.",
  args: { snapshot: snapshotArgument },
  options: { force: flag("Accepted for older scripts; changes nothing") },
  examples: ["dockersnap revert web@before-upgrade", "dockersnap revert web before-upgrade"],
  async run({ args, options, client, follow, out }) {
    const { instance, label } = args.snapshot;
    const request = { label, ...(options.force ? { force: true } : {}) };
    const answer = await follow((following) => client.instances.revert(instance, request, following));
    const name = `${instance}@${label}`;
    await out.done(answer, { text: () => `Reverted to ${name}.\n`, names: () => [name] });
    out.note(`What it was before is kept; go back with: dockersnap undo ${instance}`);
  },
});
