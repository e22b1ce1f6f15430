import { rest, snapshotArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { UsageError } from "../failure.ts";

export const tag = defineCommand({
  summary: "Add tags to a snapshot or remove them",
  description:
    "key=value, or key for an empty value, adds or replaces a tag; key- removes it. Other tags are unchanged.",
  args: { snapshot: snapshotArgument, changes: rest("<key=value|key->", "The tags to add or remove") },
  examples: ["dockersnap tag web@before-upgrade ticket=42 draft-"],
  async run({ args, client, follow, out }) {
    const { instance, label } = args.snapshot;
    const tags = tagChanges(args.changes);
    const changed = await follow((following) => client.instances.changeSnapshot(instance, label, { tags }, following));
    const name = `${instance}@${label}`;
    const left = Object.entries(changed.tags ?? {}).map(([key, value]) => `${key}=${value}`);
    await out.done(changed, {
      text: () => (left.length === 0 ? `${name} has no tags.\n` : `Tags of ${name}: ${left.join(" ")}\n`),
      names: () => [name],
    });
    return undefined;
  },
});

function tagChanges(words: readonly string[]): Record<string, string | null> {
  if (words.length === 0) {
    throw new UsageError("Say what to tag it with: key=value puts a tag on, key- takes it away.");
  }
  return Object.fromEntries(
    words.map((word): [string, string | null] => {
      const at = word.indexOf("=");
      if (at > 0) return [word.slice(0, at), word.slice(at + 1)];
      if (at === -1 && word.length > 1 && word.endsWith("-")) return [word.slice(0, -1), null];
      if (at === -1 && word !== "" && word !== "-") return [word, ""];
      throw new UsageError(`'${word}' is no tag: expected key=value to put one on, or key- to take it away.`);
    }),
  );
}
