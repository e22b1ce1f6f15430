import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { limitOptions, parseLimitsChange } from "../config/limits.ts";
import { limitLines } from "../limits-view.ts";
import { fields } from "../output/table.ts";

export const limit = defineCommand({
  summary: "Change the limits of an instance while it runs, or show them",
  description:
    "'none' removes a limit; limits you do not name are unchanged. Without options, shows the limits and current usage.",
  args: { name: instanceArgument },
  options: limitOptions,
  examples: [
    "dockersnap limit web --memory 2g --cpus 1.5 --pids 500 --disk 20g",
    "dockersnap limit web --memory none",
    "dockersnap limit web",
  ],
  async run({ args, options, client, follow, out }) {
    const limits = parseLimitsChange(options);
    if (limits !== undefined) await follow((following) => client.instances.change(args.name, { limits }, following));
    const instance = await client.instances.get(args.name);
    const shown = {
      text: () => fields(limitLines(instance), out.colors.bold),
      names: () => [instance.name],
    };
    // A change tells in full what there is now, and with `-q` nothing, as other changes do.
    if (limits !== undefined && out.style.quiet && out.style.format === "text") return;
    await out.result(instance, shown);
  },
});
