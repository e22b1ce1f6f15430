import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { revertedThing } from "../history/revert-words.ts";
import { age } from "../output/time.ts";

export const undo = defineCommand({
  summary: "Undo the last revert of an instance",
  description:
    "Restores the state before the last revert; the current state is saved as a snapshot first. Repeat to undo the revert before\n" +
    "that.",
  args: { name: instanceArgument },
  examples: ["dockersnap undo web"],
  async run({ args, client, follow, out }) {
    const answer = await follow((following) => client.instances.undo(args.name, following));
    const { at } = answer.revert;
    await out.done(answer, {
      text: () =>
        `Undid the revert of ${revertedThing(args.name, answer.revert)} to ${answer.revert.to}, made ${age(at)} ago.\n`,
      names: () => [args.name],
    });
    out.note(`Redo it with: dockersnap redo ${args.name}`);
  },
});
