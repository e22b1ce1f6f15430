import { defineCommand } from "../command.ts";
import { buildProject } from "../plugin/project.ts";

export const pluginBuild = defineCommand({
  summary: "Build the plugin in this folder into one executable file",
  description:
    "For projects in TypeScript: checks the types as tsconfig.json has it, and writes bin/<name>, which needs Node and nothing\n" +
    "else. The SDK and the compiler are those that came with this dockersnap.",
  args: {},
  examples: ["dockersnap plugin build && dockersnap plugin check bin/my-plugin"],
  async run({ out, io }) {
    const built = await buildProject(".", io.pluginSdkFolder);
    await out.done(built, { text: () => `Built ${built.path}.\n`, names: () => [built.name] });
  },
});
