import { instanceArgument, word } from "../arguments.ts";
import { defineCommand } from "../command.ts";

export const scheduleRemove = defineCommand({
  summary: "Remove a schedule; its snapshots are kept",
  args: { name: instanceArgument, schedule: word("schedule", "The schedule") },
  examples: ["dockersnap schedule remove web nightly"],
  async run({ args, client, follow, out }) {
    await follow((following) => client.instances.removeSchedule(args.name, args.schedule, following));
    await out.done(undefined, {
      text: () => `Removed schedule ${args.schedule} of ${args.name}; its snapshots stay.\n`,
      names: () => [args.schedule],
    });
    return undefined;
  },
});
