import { instanceArgument, several } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { forEach } from "../each.ts";

export const start = defineCommand({
  summary: "Start stopped instances",
  args: { names: several(instanceArgument) },
  examples: ["dockersnap start web", "dockersnap start web db"],
  run: ({ args, client, ...shown }) =>
    forEach(
      args.names,
      { past: "Started", nameOf: (name) => name, act: (name, options) => client.instances.start(name, options) },
      shown,
    ),
});
