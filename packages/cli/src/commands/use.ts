import type { Access } from "@dockersnap/contract/words";
import { inTheWayOfHost, keptAs, ownValues, putBack, valuesBefore } from "../access/before.ts";
import type { Dialect } from "../access/dialect.ts";
import { requireRunning, socketProblem } from "../access/engine.ts";
import { offeredEnvironment } from "../access/environment.ts";
import { writeAccessFiles } from "../access/files.ts";
import { accessFolder, filesIn, withAccessFolder } from "../access/folder.ts";
import { leaving, namesInUse, takeOut } from "../access/leave.ts";
import { sweepAccessFiles } from "../access/leftovers.ts";
import { dialectFor, shellNames } from "../access/shells.ts";
import { exportedIn, exportedNames } from "../access/variables.ts";
import { instanceArgument, optional } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { InterruptedError, UsageError } from "../failure.ts";
import type { Io } from "../io.ts";
import { flag, text } from "../options.ts";
import type { Output } from "../output/output.ts";

export const use = defineCommand({
  summary: "Print shell code that points this shell's Docker at an instance",
  description:
    "Writes the workload's access files to ~/.dockersnap/<name>/ and removes those of deleted instances. Messages go to stderr.\n" +
    "--unset restores the variables that the shell had before. If 'use' fails, its code restores them too and returns a false\n" +
    "status, so that commands after '&&' do not run.",
  args: { name: optional(instanceArgument) },
  options: {
    unset: flag("Restore what the shell had before 'use'", { short: "u" }),
    shell: text("shell", "Shell that evaluates the output; detected unless given", { choices: shellNames }),
  },
  examples: [
    'eval "$(dockersnap use web)"',
    "dockersnap use web --shell fish | source",
    'eval "$(dockersnap use --unset)"',
  ],
  async run(context) {
    const { args, options, out, io } = context;
    const dialect = dialectFor(options.shell, io);
    if (options.unset) return unset(args.name, dialect, out, io);
    if (args.name === undefined) {
      throw new UsageError("The <name> is missing. Usage: dockersnap use <name> [options].");
    }
    const { client } = context;
    const stop = new AbortController();
    const leave = () => stop.abort(new InterruptedError("Interrupted."));
    using _interrupts = io.onInterrupt(leave);
    using _terminations = io.onTermination(leave);
    const { signal } = stop;
    const [instance, answer] = await Promise.all([
      client.instances.get(args.name, { signal }),
      client.instances.access(args.name, { signal }),
    ]);
    const { daemon = client.baseUrl } = answer;
    await sweepAccessFiles(io.home, daemon, { client, out, signal });
    requireRunning(instance);
    const folder = accessFolder(io.home, args.name);
    const env = offeredEnvironment(answer, folder, client.baseUrl, out);
    const names = [...env.keys()];
    await writeAccessFiles(folder, filesIn(answer, folder), names, { daemon, created_at: instance.created_at });

    const cleared = env.has("DOCKER_HOST") ? inTheWayOfHost.filter((name) => !env.has(name)) : [];
    const stays = (name: string) => env.has(name) || cleared.some((one) => one === name);
    const left = [...exportedIn(io.env), ...valuesBefore(io.env).keys()].filter((name) => !stays(name));
    const own = ownValues(io.env, [...names, ...cleared]);
    const statements = [
      ...putBack(io.env, left, dialect),
      ...[...own].map(([name, value]) => dialect.export(keptAs(name), value)),
      ...cleared.filter((name) => io.env[name]).map((name) => dialect.unset(name)),
      ...[...env].map(([name, value]) => dialect.export(name, value)),
      dialect.export(exportedNames, names.join(":")),
    ];
    const set = [...names, ...[...own.keys()].map(keptAs), exportedNames];
    const code = dialect.guarded(set, statements, await takeOut(io, dialect));
    io.stdout.writeExactly(`${code.join("\n")}\n`);
    const socket = /^unix:\/\/(.+)$/.exec(env.get("DOCKER_HOST") ?? "")?.[1];
    tellPeople(args.name, answer, names, folder, out, socket === undefined ? undefined : socketProblem(socket));
  },
});

function tellPeople(
  name: string,
  answer: Access,
  names: readonly string[],
  folder: string,
  out: Output,
  problem: string | undefined,
): void {
  for (const warning of answer.warnings ?? []) out.warn(warning);
  if (problem !== undefined) out.warn(problem);
  out.note(`Using ${name}: ${names.join(", ") || "nothing to set"}.`);
  if (answer.files.length > 0) out.note(`Files in ${folder}: ${answer.files.map((file) => file.name).join(", ")}.`);
  for (const endpoint of answer.endpoints) {
    if (endpoint.url !== undefined) out.note(`${endpoint.name}: ${withAccessFolder(endpoint.url, folder)}`);
  }
  out.note('Stop using it with: eval "$(dockersnap use --unset)"');
}

/** Needs no daemon: what was set is in the shell's own environment, or else in the instance's folder. */
async function unset(name: string | undefined, dialect: Dialect, out: Output, io: Io): Promise<undefined> {
  const names = await namesInUse(io, name);
  const statements = leaving(io, names, dialect);
  if (statements.length === 0) {
    out.note("Nothing of an instance is set in this shell.");
    return;
  }
  io.stdout.writeExactly(`${statements.join("\n")}\n`);
  out.note(`Restored what this shell had before: ${names.join(", ")}.`);
}
