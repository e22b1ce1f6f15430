import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";

export const restart = defineCommand({
  summary: "Stop an instance and start it again",
  args: { name: instanceArgument },
  examples: ["dockersnap restart web"],
  async run({ args, client, follow, out }) {
    const answer = await follow((following) => client.instances.restart(args.name, following));
    await out.done(answer, { text: () => `Restarted ${args.name}.\n`, names: () => [args.name] });
  },
});
