import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { revertedThing } from "../history/revert-words.ts";

export const redo = defineCommand({
  summary: "Take a revert again that was taken back",
  description:
    "What the instance was when the revert was taken back is there again; what it is now is kept as a snapshot first. A new\n" +
    "revert ends what can be taken again.",
  args: { name: instanceArgument },
  examples: ["dockersnap redo web"],
  async run({ args, client, follow, out }) {
    const answer = await follow((following) => client.instances.redo(args.name, following));
    await out.done(answer, {
      text: () => `Took the revert of ${revertedThing(args.name, answer.revert)} to ${answer.revert.to} again.\n`,
      names: () => [args.name],
    });
    out.note(`Take it back with: dockersnap undo ${args.name}`);
  },
});
