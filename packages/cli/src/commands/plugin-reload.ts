import { defineCommand } from "../command.ts";
import { showPlugins } from "./plugin-list.ts";

export const pluginReload = defineCommand({
  summary: "Make the daemon look for its plugins again",
  args: {},
  examples: ["dockersnap plugin reload"],
  async run({ client, out }) {
    await showPlugins(await client.plugins.reload(), out);
  },
});
