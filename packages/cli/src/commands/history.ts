import type { History } from "@dockersnap/contract/words";
import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { revertWords } from "../history/revert-words.ts";
import { historyText } from "../history/view.ts";
import { age } from "../output/time.ts";

export const history = defineCommand({
  summary: "Draw the history of an instance: its snapshots, clones and head",
  description: "Each snapshot is listed below the one it came from. The last line is the current state.",
  args: { name: instanceArgument },
  examples: ["dockersnap history web", "dockersnap history web -o json"],
  async run({ args, client, out }) {
    const found = await client.instances.history(args.name);
    await out.result(found, {
      text: () => historyText(found, out.colors),
      names: () => found.snapshots.map(({ label }) => `${args.name}@${label}`),
    });
    for (const hint of hints(found)) out.note(hint);
  },
});

/** What can be taken back and again, and what the drawing has no place for. */
function hints({ instance, reverts, clones }: History): string[] {
  const toUndo = reverts.findLast(({ undone }) => !undone);
  const toRedo = reverts.find(({ undone }) => undone);
  const orphans = clones.filter(({ gone }) => gone).map(({ name, label }) => `${name} (${label})`);
  return [
    ...(toUndo === undefined
      ? []
      : [
          `Last revert: ${revertWords(toUndo)}, ${age(toUndo.at)} ago. ${
            toUndo.lost ? "The state before it is no longer kept." : `Undo it with: dockersnap undo ${instance}`
          }`,
        ]),
    ...(toRedo === undefined || toRedo.lost
      ? []
      : [`Undone: the revert ${revertWords(toRedo)}. Redo it with: dockersnap redo ${instance}`]),
    ...(orphans.length === 0 ? [] : [`Clones of snapshots that are gone: ${orphans.join(", ")}`]),
  ];
}
