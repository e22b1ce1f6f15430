import { instanceArgument, several } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { forEach } from "../each.ts";

export const restart = defineCommand({
  summary: "Restart instances",
  args: { names: several(instanceArgument) },
  examples: ["dockersnap restart web", "dockersnap restart web db"],
  run: ({ args, client, ...shown }) =>
    forEach(
      args.names,
      { past: "Restarted", nameOf: (name) => name, act: (name, options) => client.instances.restart(name, options) },
      shown,
    ),
});
