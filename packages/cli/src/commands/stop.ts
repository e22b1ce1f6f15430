import { instanceArgument, several } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { forEach } from "../each.ts";

export const stop = defineCommand({
  summary: "Stop instances; their data is kept",
  args: { names: several(instanceArgument) },
  examples: ["dockersnap stop web", "dockersnap stop web db"],
  run: ({ args, client, ...shown }) =>
    forEach(
      args.names,
      { past: "Stopped", nameOf: (name) => name, act: (name, options) => client.instances.stop(name, options) },
      shown,
    ),
});
