import { DockersnapError } from "@dockersnap/contract/words";
import { rest, snapshotArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { parseSeconds } from "../config/seconds.ts";
import { exitCodes, InterruptedError, UsageError } from "../failure.ts";
import { flag, text } from "../options.ts";
import { environmentOf, removeThrowAway, throwAwayName, untilHealthy } from "../throw-away.ts";

const defaultWaitSeconds = 60;

export const run = defineCommand({
  summary: "Run a command against a temporary clone of a snapshot",
  description:
    "The command runs once the workload is healthy, with the environment that 'use' would set. The exit code is the command's.\n" +
    "The clone is deleted afterwards, on Ctrl-C too.",
  args: { snapshot: snapshotArgument, command: rest("-- command", "The command and its own words") },
  options: {
    keepOnFailure: flag("Keep the clone when the command fails"),
    wait: text("seconds", `Seconds to wait until the workload is healthy; 0 does not wait (${defaultWaitSeconds})`),
  },
  examples: ["dockersnap run web@golden -- npm test", "dockersnap run web@golden --keep-on-failure -- ./migrate.sh"],
  async run({ args, options, client, follow, out, io }) {
    const [program, ...words] = args.command;
    if (program === undefined) {
      throw new UsageError("The command is missing. Usage: dockersnap run <name>@<label> [options] -- <command>.");
    }
    const wait =
      options.wait === undefined ? defaultWaitSeconds : parseSeconds(options.wait, { least: 0, most: 86_400 });
    const waitMs = wait * 1000;
    const { instance, label } = args.snapshot;
    const name = throwAwayName(instance);
    const ended = new AbortController();
    const end = () => ended.abort(new InterruptedError("Interrupted."));
    using _interrupts = io.onInterrupt(end);
    using _terminations = io.onTermination(end);

    let code: number = exitCodes.failed;
    try {
      const request = { label, new_name: name };
      const made = await follow((following) => client.instances.clone(instance, request, following), "cancel");
      ended.signal.throwIfAborted();
      if (waitMs > 0) await untilHealthy(client, made, AbortSignal.any([ended.signal, AbortSignal.timeout(waitMs)]));
      ended.signal.throwIfAborted();
      const env = await environmentOf(await client.instances.access(name), made, { client, io, out });
      ended.signal.throwIfAborted();
      code = await started(() => io.run(program, words, env), program);
    } catch (error) {
      // Whatever gave way to it, what a person wants to read is that it was.
      ended.signal.throwIfAborted();
      throw error;
    } finally {
      if (code !== 0 && options.keepOnFailure && !ended.signal.aborted) {
        out.note(`Kept the clone '${name}'. Look at it with: eval "$(dockersnap use ${name})"`);
        out.note(`Remove it with: dockersnap delete ${name}`);
      } else {
        await removeThrowAway(name, { client, io, out }).catch((error: unknown) => {
          out.warn(
            `The clone '${name}' could not be removed: ${error instanceof Error ? error.message : String(error)}`,
          );
          out.warn(`Remove it with: dockersnap delete ${name}`);
          code ||= exitCodes.failed;
        });
      }
    }
    return code;
  },
});

async function started(start: () => Promise<number>, program: string): Promise<number> {
  try {
    return await start();
  } catch (cause) {
    throw new DockersnapError("not_found", `'${program}' cannot be started here; is it installed and in PATH?`, {
      cause,
    });
  }
}
