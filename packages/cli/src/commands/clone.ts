import { snapshotArgument, word } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { limitOptions, parseLimitsChange } from "../config/limits.ts";
import { exitCodes, UsageError } from "../failure.ts";
import { fanOut, numbered } from "../fan-out.ts";
import { text } from "../options.ts";
import { span } from "../output/time.ts";

const mostAtOnce = 100;

export const clone = defineCommand({
  summary: "Create an instance from a snapshot of another instance",
  description:
    "The clone inherits the source's limits. Options here override them; 'none' removes one.\n" +
    "With --count, the clones are named <new-name>-1, <new-name>-2, …; each succeeds or fails by itself.",
  args: { snapshot: snapshotArgument, newName: word("new-name", "The new instance's name") },
  options: { count: text("n", "Number of clones to create, side by side"), ...limitOptions },
  examples: [
    "dockersnap clone web@before-upgrade web-test",
    "dockersnap clone web before-upgrade web-test",
    "dockersnap clone web@golden runner --count 8 --memory 1g",
  ],
  async run({ args, options, client, follow, out, io }) {
    const { instance, label } = args.snapshot;
    const limits = parseLimitsChange(options);
    const requestFor = (name: string) => ({ label, new_name: name, ...(limits === undefined ? {} : { limits }) });
    if (options.count === undefined) {
      const request = requestFor(args.newName);
      const created = await follow((following) => client.instances.clone(instance, request, following));
      await out.done(created, {
        text: () => `Cloned ${instance}@${label} to ${created.name}.\n`,
        names: () => [created.name],
      });
      for (const outside of created.not_captured ?? []) out.warn(`Not its own, or empty in it: ${outside}`);
      out.note(`Use it with: eval "$(dockersnap use ${created.name})"`);
      return exitCodes.done;
    }

    const names = numbered(args.newName, countOf(options.count));
    const nameOf = (name: string) => name;
    const { done, failed } = await fanOut(names, { nameOf, io, out }, async (name, signal) => {
      const since = performance.now();
      const created = await client.instances.clone(instance, requestFor(name), { signal });
      out.note(`${name} is ready (${span(performance.now() - since)}).`);
      return created;
    });
    await out.done(
      { created: done, failed },
      {
        text: () => `Cloned ${instance}@${label} to ${done.length} of ${names.length} instances.\n`,
        names: () => done.map(({ name }) => name),
      },
    );
    return failed.length === 0 ? exitCodes.done : exitCodes.failed;
  },
});

function countOf(given: string): number {
  const count = Number(given);
  if (/^\d+$/.test(given) && count >= 1 && count <= mostAtOnce) return count;
  throw new UsageError(`'${given}' is no count: expected a whole number from 1 to ${mostAtOnce}.`);
}
