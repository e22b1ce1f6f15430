import { DaemonUnreachableError } from "@dockersnap/client";
import { defineCommand } from "../command.ts";
import { fields } from "../output/table.ts";
import { cliVersion } from "../version.ts";

export const version = defineCommand({
  summary: "Show the versions of this command line and of the daemon",
  description: "'dockersnap --version' tells the former alone and asks nobody.",
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
      await show((await client.health()).version);
    } catch (error) {
      if (error instanceof DaemonUnreachableError) await show();
      throw error;
    }
  },
});
