import type { WorkloadHealth } from "@dockersnap/contract/words";
import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../failure.ts";
import { flag } from "../options.ts";
import { fields } from "../output/table.ts";
import { age } from "../output/time.ts";

/** What the instance shows too; the plugin's own word where nothing was made of that yet. */
function healthOf({ health, status, healthy }: WorkloadHealth): string {
  if (health === undefined || health === "unknown") return status ?? (healthy ? "healthy" : "unhealthy");
  return health;
}

export const workloadHealth = defineCommand({
  summary: "Show the health of the workload",
  description: "Exits with 1 if the workload is not healthy.",
  args: { name: instanceArgument },
  options: { fresh: flag("Check now instead of showing the last result") },
  examples: [
    "dockersnap workload health demo",
    "dockersnap workload health demo --fresh",
    "dockersnap workload health demo -o json | jq .checks",
  ],
  async run({ args, options, client, out }) {
    const answer = await client.instances.workloadHealth(args.name, { fresh: options.fresh });
    await out.result(answer, {
      text: () =>
        fields(
          [
            ["Plugin", answer.workload_plugin],
            ["Health", healthOf(answer)],
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
      names: () => [healthOf(answer)],
    });
    return answer.healthy && healthOf(answer) !== "degraded" ? exitCodes.done : exitCodes.failed;
  },
});
