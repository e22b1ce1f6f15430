import type { DaemonHealth, HostNetworkHealth, PoolRoom } from "@dockersnap/contract/words";
import { size } from "@dockersnap/contract/words";
import { defineCommand } from "../command.ts";
import { fields } from "../output/table.ts";
import { poolWarning, recordsWarning } from "../pool.ts";

function running(answer: DaemonHealth): string {
  const degraded = answer.running_degraded ? `, ${answer.running_degraded} degraded` : "";
  return `${answer.running} (${answer.running_healthy} healthy${degraded}, ${answer.running_unhealthy} unhealthy)`;
}

function poolText({ state, free_bytes: free, total_bytes: total }: PoolRoom): string {
  return state === "unmounted" ? "not mounted" : `${size(free)} of ${size(total)} free`;
}

function networkText({ state, problems }: HostNetworkHealth): string {
  return state === "ok" ? "ok" : `${state}: ${problems.join(" ")}`;
}

export const health = defineCommand({
  summary: "Show whether the daemon answers, and the health of its instances",
  args: {},
  examples: ["dockersnap health", "dockersnap health --remote http://vm.example.com:9847"],
  async run({ client, out }) {
    const answer = await client.health();
    await out.result(answer, {
      text: () =>
        fields(
          [
            ["Status", answer.status],
            ["Version", answer.version],
            ["Uptime", answer.uptime],
            ["Instances", String(answer.instances)],
            ["Running", running(answer)],
            ["Network", answer.network && networkText(answer.network)],
            ["Pool", answer.pool && poolText(answer.pool)],
          ],
          out.colors.bold,
        ),
      names: () => [answer.status],
    });
    for (const warning of [poolWarning(answer.pool), recordsWarning(answer.records)]) {
      if (warning !== undefined) out.warn(warning);
    }
  },
});
