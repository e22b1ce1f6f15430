import { relative } from "node:path";
import { word } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { text } from "../options.ts";
import { type NewPlugin, newPlugin, type PluginLanguage, pluginLanguages } from "../plugin/new.ts";
import { linkSdk } from "../plugin/project.ts";

export const pluginNew = defineCommand({
  summary: "Create a plugin project that works, with tests and a README",
  description:
    "The project serves a page from a container; change it into what you need. Nothing is downloaded: the SDK comes with\n" +
    "dockersnap.",
  args: { name: word("name", "The name of the plugin and of its executable") },
  options: {
    lang: text("language", `Language of the plugin: ${pluginLanguages.join(", ")} (${pluginLanguages[0]})`, {
      choices: pluginLanguages,
    }),
    dir: text("folder", "Folder to write to; it must be empty or not exist yet (./<name>)", { completes: "file" }),
  },
  examples: [
    "dockersnap plugin new my-plugin",
    "dockersnap plugin new my-plugin --lang bash --dir ~/plugins/my-plugin",
  ],
  async run({ args, options, out, io }) {
    const language = (options.lang ?? pluginLanguages[0]) as PluginLanguage;
    const isTypeScript = language === "typescript";
    const written = await newPlugin(
      { name: args.name, language, folder: options.dir ?? args.name },
      io.pluginSdkFolder,
      async (project) => {
        if (isTypeScript) await linkSdk(project, io.pluginSdkFolder);
      },
    );
    await out.done(written, {
      text: () => `Wrote ${written.name} (${language}) to ${written.path}.\n`,
      names: () => [written.name],
    });
    out.note("Go on with:");
    for (const command of nextCommands(written)) out.note(`  ${command}`);
  },
});

/** What a person types next, up to an instance that runs the plugin. */
function nextCommands({ name, language, path }: NewPlugin): string[] {
  const executable = language === "typescript" ? `bin/${name}` : `./${name}`;
  const own = {
    typescript: ["dockersnap plugin test", "dockersnap plugin build"],
    bash: ["test/run"],
    python: ["python3 -m unittest discover test"],
  };
  return [
    `cd ${shellWord(relative(".", path) || ".")}`,
    ...own[language],
    `dockersnap plugin check ${executable}`,
    `sudo dockersnap plugin install ${executable}`,
    "dockersnap plugin reload",
    `dockersnap create demo --plugin ${name}`,
  ];
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
