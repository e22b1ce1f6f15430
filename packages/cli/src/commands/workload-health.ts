import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../failure.ts";
import { flag } from "../options.ts";
import { fields } from "../output/table.ts";
import { age } from "../output/time.ts";

export const workloadHealth = defineCommand({
  summary: "Show whether the workload is well",
  description: "Exits with 1 when it is not.",
  args: { name: instanceArgument },
  options: { fresh: flag("Ask the plugin now, not for its last answer") },
  examples: ["dockersnap workload health demo", "dockersnap workload health demo --fresh"],
  async run({ args, options, client, out }) {
    const answer = await client.instances.workloadHealth(args.name, { fresh: options.fresh });
    await out.result(answer, {
      text: () =>
        fields(
          [
            ["Plugin", answer.workload_plugin],
            ["Health", answer.status ?? (answer.healthy ? "healthy" : "unhealthy")],
            ["Message", answer.message],
            ["Checked", `${age(answer.checked_at)} ago`],
            ["Failures in a row", answer.consecutive_fails === 0 ? undefined : String(answer.consecutive_fails)],
            ...answer.checks.map(({ name, ok, message }): [string, string] => [
              `check ${name}`,
              `${ok ? "ok" : "failed"}${message ? `: ${message}` : ""}`,
            ]),
          ],
          out.colors.bold,
        ),
      names: () => [answer.healthy ? "healthy" : "unhealthy"],
    });
    return answer.healthy ? exitCodes.done : exitCodes.failed;
  },
});
