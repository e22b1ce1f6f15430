import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { revertedThing } from "../history/revert-words.ts";

export const redo = defineCommand({
  summary: "Redo the last undone revert",
  description:
    "The instance returns to the state it had before 'undo'; its current state is saved as a snapshot first. A new revert clears\n" +
    "what can be redone.",
  args: { name: instanceArgument },
  examples: ["dockersnap redo web"],
  async run({ args, client, follow, out }) {
    const answer = await follow((following) => client.instances.redo(args.name, following));
    await out.done(answer, {
      text: () => `Redid the revert of ${revertedThing(args.name, answer.revert)} to ${answer.revert.to}.\n`,
      names: () => [args.name],
    });
    out.note(`Undo it with: dockersnap undo ${args.name}`);
  },
});
