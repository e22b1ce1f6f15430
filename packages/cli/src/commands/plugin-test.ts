import { defineCommand } from "../command.ts";
import { linkSdk, projectName } from "../plugin/project.ts";

export const pluginTest = defineCommand({
  summary: "Run the tests of the plugin in this folder",
  description:
    "For TypeScript projects: runs every *.test.ts file with the test runner of the Node that comes with dockersnap, and its\n" +
    "SDK.",
  args: {},
  examples: ["dockersnap plugin test"],
  async run({ io }) {
    await projectName(".");
    await linkSdk(".", io.pluginSdkFolder);
    return io.run(process.execPath, ["--test"], io.env);
  },
});
