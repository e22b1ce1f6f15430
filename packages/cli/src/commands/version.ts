import { DaemonUnreachableError } from "@dockersnap/client";
import { defineCommand } from "../command.ts";
import { fields } from "../output/table.ts";
import { cliVersion } from "../version.ts";

/** Scripts ask for the version in places where no daemon is near. */
const patienceMs = 5000;

export const version = defineCommand({
  summary: "Show the versions of the command line and the daemon",
  description: "'dockersnap --version' shows only the version of the command line and does not contact the daemon.",
  args: {},
  examples: ["dockersnap version"],
  async run({ client, out }) {
    const show = (daemon?: string) =>
      out.result(
        { client: cliVersion, ...(daemon === undefined ? {} : { daemon }) },
        {
          text: () =>
            fields(
              [
                ["Client", cliVersion],
                ["Daemon", daemon && `${daemon} at ${client.baseUrl}`],
              ],
              out.colors.bold,
            ),
          names: () => [cliVersion],
        },
      );
    try {
      await show((await client.health({ signal: AbortSignal.timeout(patienceMs) })).version);
    } catch (error) {
      // Its own version is what it was asked for first; whether a daemon answers is what 'health' is for.
      const isLate = error instanceof DOMException && error.name === "TimeoutError";
      if (!isLate && !(error instanceof DaemonUnreachableError)) throw error;
      await show();
      out.warn(
        isLate ? `The daemon at ${client.baseUrl} did not answer within ${patienceMs / 1000} s.` : error.message,
      );
    }
  },
});
