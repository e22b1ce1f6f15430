import { word } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { text } from "../options.ts";
import { defaultPluginFolder, installPlugin } from "../plugin/install.ts";

export const pluginInstall = defineCommand({
  summary: "Install a plugin into the daemon's plugin folder, on this machine",
  description:
    "Replaces a plugin of the same name; commands of the old one that are running are not interrupted. A plugin that consists of several files is a folder with an executable of the folder's name in it.",
  args: { path: word("path", "The plugin's executable or folder; its name is the plugin's name", "file") },
  options: { dir: text("folder", `The daemon's plugins.dir (${defaultPluginFolder})`, { completes: "file" }) },
  examples: ["sudo dockersnap plugin install bin/plugins/echo", "dockersnap plugin reload"],
  async run({ args, options, out }) {
    const { warnings, ...installed } = await installPlugin(args.path, options.dir ?? defaultPluginFolder);
    for (const warning of warnings) out.warn(warning);
    await out.done(installed, {
      text: () => `Installed ${installed.name} as ${installed.path}.\n`,
      names: () => [installed.name],
    });
    out.note("Make the daemon take it up with: dockersnap plugin reload");
  },
});
