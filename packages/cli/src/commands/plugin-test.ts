import { defineCommand } from "../command.ts";
import { linkSdk, projectName } from "../plugin/project.ts";

export const pluginTest = defineCommand({
  summary: "Run the tests of the plugin in this folder",
  description:
    "For projects in TypeScript: every file *.test.ts, by the test runner of the Node that came with this dockersnap, with\n" +
    "its SDK.",
  args: {},
  examples: ["dockersnap plugin test"],
  async run({ io }) {
    await projectName(".");
    await linkSdk(".", io.pluginSdkFolder);
    return io.run(process.execPath, ["--test"], io.env);
  },
});
