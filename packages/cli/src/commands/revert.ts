import { nameRules, partPattern } from "@dockersnap/contract/words";
import { snapshotArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { UsageError } from "../failure.ts";
import { flag, list } from "../options.ts";

export const revert = defineCommand({
  summary: "Revert an instance, or parts of it, to one of its snapshots",
  description:
    "Keeps every snapshot, newer ones included, and saves the current state as a snapshot first. With --only, reverts just that\n" +
    "volume or container; containers that do not use it keep running.",
  args: { snapshot: snapshotArgument },
  options: {
    only: list("part", "Revert only volume:<name> or container:<name>; may be repeated", {
      completes: ["volume:", "container:"],
    }),
    force: flag("Accepted for older scripts; has no effect", { short: "f" }),
  },
  examples: [
    "dockersnap revert web@before-upgrade",
    "dockersnap revert web before-upgrade",
    "dockersnap revert web@before-upgrade --only volume:data --only container:worker",
  ],
  async run({ args, options, client, follow, out }) {
    const { instance, label } = args.snapshot;
    const only = partsOf(options.only);
    const request = { label, ...(options.force ? { force: true } : {}), ...(only === undefined ? {} : { only }) };
    const answer = await follow((following) => client.instances.revert(instance, request, following));
    const name = `${instance}@${label}`;
    await out.done(answer, {
      text: () => (only === undefined ? `Reverted to ${name}.\n` : `Reverted ${only.join(", ")} to ${name}.\n`),
      names: () => [name],
    });
    out.note(`The state before is saved. Undo the revert with: dockersnap undo ${instance}`);
  },
});

function partsOf(given: readonly string[]): string[] | undefined {
  const wrong = given.find((part) => !partPattern.test(part));
  if (wrong !== undefined) throw new UsageError(`'${wrong}' is no part of an instance: expected ${nameRules.part}.`);
  return given.length === 0 ? undefined : [...given];
}
