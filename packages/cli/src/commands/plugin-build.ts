import { defineCommand } from "../command.ts";
import { buildProject } from "../plugin/project.ts";

export const pluginBuild = defineCommand({
  summary: "Build the plugin in this folder into one executable file",
  description:
    "For TypeScript projects: checks the types by tsconfig.json and writes bin/<name>, which needs only Node. The SDK and the\n" +
    "compiler come with dockersnap.",
  args: {},
  examples: ["dockersnap plugin build && dockersnap plugin check bin/my-plugin"],
  async run({ out, io }) {
    const built = await buildProject(".", io.pluginSdkFolder);
    await out.done(built, { text: () => `Built ${built.path}.\n`, names: () => [built.name] });
  },
});
