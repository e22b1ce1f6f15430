import { DockersnapError, nearest } from "@dockersnap/contract/words";
import { accessFolder, withAccessFolder } from "../access/folder.ts";
import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { text } from "../options.ts";
import { oneLine } from "../output/printable.ts";
import { fields } from "../output/table.ts";

export const access = defineCommand({
  summary: "Show how to reach what runs on an instance",
  args: { name: instanceArgument },
  options: { file: text("name", "Print only the content of this access file") },
  examples: ["dockersnap access web", "dockersnap access ci --file kubeconfig > kubeconfig"],
  async run({ args, options, client, out, io }) {
    const answer = await client.instances.access(args.name);
    for (const warning of answer.warnings ?? []) out.warn(warning);
    if (options.file !== undefined) {
      const names = answer.files.map((file) => file.name);
      const file = answer.files.find(({ name }) => name === options.file);
      if (file === undefined) throw noSuchFile(options.file, args.name, names);
      io.stdout.writeExactly(withAccessFolder(file.content, accessFolder(io.home, args.name)));
      return;
    }
    await out.result(answer, {
      text: () =>
        [
          fields(Object.entries(answer.env), out.colors.bold),
          fields(
            answer.endpoints.map((one) => [one.name, [one.url, one.description].filter(Boolean).join("  ")]),
            out.colors.bold,
          ),
          answer.files.map((file) => `${out.colors.bold("file")}  ${oneLine(file.name)}\n`).join(""),
        ]
          .filter((part) => part !== "")
          .join("\n"),
      names: () => answer.endpoints.map((one) => one.url ?? one.name),
    });
  },
});

function noSuchFile(wanted: string, instance: string, names: readonly string[]): DockersnapError {
  const near = nearest(wanted, names);
  const next =
    near === undefined ? ` It has ${names.length === 0 ? "none" : names.join(", ")}.` : ` Did you mean '${near}'?`;
  return new DockersnapError("not_found", `The workload of '${instance}' has no file '${wanted}'.${next}`);
}
