import { snapshotArgument, word } from "../arguments.ts";
import { defineCommand } from "../command.ts";

export const clone = defineCommand({
  summary: "Create an instance that begins at a snapshot of another",
  args: { snapshot: snapshotArgument, newName: word("new-name", "The new instance's name") },
  examples: ["dockersnap clone web@before-upgrade web-test", "dockersnap clone web before-upgrade web-test"],
  async run({ args, client, follow, out }) {
    const { instance, label } = args.snapshot;
    const created = await follow((following) =>
      client.instances.clone(instance, { label, new_name: args.newName }, following),
    );
    await out.done(created, {
      text: () => `Cloned ${instance}@${label} to ${created.name}.\n`,
      names: () => [created.name],
    });
    out.note(`Use it with: eval "$(dockersnap use ${created.name})"`);
  },
});
