import { existsSync } from "node:fs";
import type { Access } from "@dockersnap/contract/words";
import type { Dialect } from "../access/dialect.ts";
import { leadsToEngine } from "../access/engine.ts";
import { readManifest, writeAccessFiles } from "../access/files.ts";
import { accessFolder, withAccessFolder } from "../access/folder.ts";
import { dialectFor, shellNames } from "../access/shells.ts";
import { exportedIn, exportedNames, refusal } from "../access/variables.ts";
import { instanceArgument, optional } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { UsageError } from "../failure.ts";
import type { Io } from "../io.ts";
import { flag, text } from "../options.ts";
import type { Output } from "../output/output.ts";

export const use = defineCommand({
  summary: "Print shell code that makes an instance this shell's Docker",
  description:
    "Files the workload offers are written to ~/.dockersnap/<name>/. Everything for people goes to stderr.\n" +
    "--unset takes back all that was set.",
  args: { name: optional(instanceArgument) },
  options: {
    unset: flag("Take back what an earlier 'use' set"),
    shell: text("shell", "The shell that will read it; from SHELL unless given", { choices: shellNames }),
  },
  examples: [
    'eval "$(dockersnap use web)"',
    "dockersnap use web --shell fish | source",
    'eval "$(dockersnap use --unset)"',
  ],
  async run(context) {
    const { args, options, out, io } = context;
    const dialect = dialectFor(options.shell, io.env.SHELL);
    if (options.unset) return unset(args.name, dialect, out, io);
    if (args.name === undefined) {
      throw new UsageError("The <name> is missing. Usage: dockersnap use <name> [options].");
    }
    const { client } = context;
    const answer = await client.instances.access(args.name);
    const folder = accessFolder(io.home, args.name);
    const env = exportable(answer, folder, client.baseUrl, out);
    const files = answer.files.map((file) => ({ ...file, content: withAccessFolder(file.content, folder) }));
    const names = [...env.keys()];
    await writeAccessFiles(folder, files, names);

    const left = exportedIn(io.env).filter((name) => !env.has(name));
    const statements = [
      ...left.map((name) => dialect.unset(name)),
      ...[...env].map(([name, value]) => dialect.export(name, value)),
      dialect.export(exportedNames, names.join(":")),
    ];
    io.stdout.write(`${statements.join("\n")}\n`);
    tellPeople(args.name, answer, names, folder, out);
  },
});

/** The variables to set, in the daemon's order; what may not or cannot be set is told. */
function exportable(answer: Access, folder: string, baseUrl: string, out: Output): Map<string, string> {
  const env = new Map<string, string>();
  for (const [name, raw] of Object.entries(answer.env)) {
    const value = withAccessFolder(raw, folder);
    const refused = refusal(name, value);
    if (refused !== undefined) out.warn(`${name} is not set: ${refused}.`);
    else if (name === "DOCKER_HOST" && !leadsToEngine(value, baseUrl)) {
      out.warn(
        `DOCKER_HOST is not set: the engine listens on a socket of the daemon's host ${new URL(baseUrl).host}, not on this machine. ` +
          "Docker commands here go where they went before.",
      );
    } else if (name === "DOCKER_HOST" && value.startsWith("unix://") && !existsSync(value.slice("unix://".length))) {
      out.warn(`DOCKER_HOST leads to ${value}, which cannot be seen from here: the daemon may be behind a tunnel.`);
      env.set(name, value);
    } else env.set(name, value);
  }
  return env;
}

function tellPeople(name: string, answer: Access, names: readonly string[], folder: string, out: Output): void {
  for (const warning of answer.warnings ?? []) out.warn(warning);
  out.note(`Using ${name}: ${names.join(", ") || "nothing to set"}.`);
  if (answer.files.length > 0) out.note(`Files in ${folder}: ${answer.files.map((file) => file.name).join(", ")}.`);
  for (const endpoint of answer.endpoints) {
    if (endpoint.url !== undefined) out.note(`${endpoint.name}: ${withAccessFolder(endpoint.url, folder)}`);
  }
  out.note('Take it back with: eval "$(dockersnap use --unset)"');
}

/** Needs no daemon: what was set is in the shell's own environment, or else in the instance's folder. */
async function unset(name: string | undefined, dialect: Dialect, out: Output, io: Io): Promise<undefined> {
  let names = exportedIn(io.env);
  const instance = name ?? io.env.DOCKERSNAP_INSTANCE;
  if (names.length === 0 && instance !== undefined) {
    names = [...(await readManifest(accessFolder(io.home, instance))).env];
  }
  if (names.length === 0) {
    out.note("Nothing of an instance is set in this shell.");
    return;
  }
  io.stdout.write(`${[...names, exportedNames].map((one) => dialect.unset(one)).join("\n")}\n`);
  out.note(`Took back ${names.join(", ")}.`);
}
