import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";

export const start = defineCommand({
  summary: "Start a stopped instance",
  args: { name: instanceArgument },
  examples: ["dockersnap start web"],
  async run({ args, client, follow, out }) {
    const answer = await follow((following) => client.instances.start(args.name, following));
    await out.done(answer, { text: () => `Started ${args.name}.\n`, names: () => [args.name] });
  },
});
