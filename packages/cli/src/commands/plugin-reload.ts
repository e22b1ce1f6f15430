import { defineCommand } from "../command.ts";
import { showPlugins } from "./plugin-list.ts";

export const pluginReload = defineCommand({
  summary: "Reload the daemon's plugins",
  args: {},
  examples: ["dockersnap plugin reload"],
  async run({ client, out }) {
    await showPlugins(await client.plugins.reload(), out);
  },
});
