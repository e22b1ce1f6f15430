import { snapshotArgument, word } from "../arguments.ts";
import { defineCommand } from "../command.ts";

export const rename = defineCommand({
  summary: "Rename a snapshot",
  description: "Everything that refers to the snapshot, clones included, refers to its new label from then on.",
  args: { snapshot: snapshotArgument, newLabel: word("new-label", "The new label of the snapshot") },
  examples: ["dockersnap rename web@s1 before-upgrade", "dockersnap rename web s1 before-upgrade"],
  async run({ args, client, follow, out }) {
    const { instance, label } = args.snapshot;
    const renamed = await follow((following) =>
      client.instances.changeSnapshot(instance, label, { new_label: args.newLabel }, following),
    );
    const name = `${instance}@${renamed.label}`;
    await out.done(renamed, { text: () => `Renamed ${instance}@${label} to ${name}.\n`, names: () => [name] });
    return undefined;
  },
});
