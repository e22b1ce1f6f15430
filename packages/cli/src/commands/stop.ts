import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";

export const stop = defineCommand({
  summary: "Stop an instance; its data stays",
  args: { name: instanceArgument },
  examples: ["dockersnap stop web"],
  async run({ args, client, follow, out }) {
    const answer = await follow((following) => client.instances.stop(args.name, following));
    await out.done(answer, { text: () => `Stopped ${args.name}.\n`, names: () => [args.name] });
  },
});
