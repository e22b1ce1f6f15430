import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { fields } from "../output/table.ts";

export const workloadDescribe = defineCommand({
  summary: "Show what a plugin says of the workload it deployed",
  args: { name: instanceArgument },
  examples: ["dockersnap workload describe demo"],
  async run({ args, client, out }) {
    const answer = await client.instances.workload(args.name);
    const ports = answer.ports.map((port) => `${port.container_port}/${port.protocol ?? "tcp"} ${port.label}`);
    const shown = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
    await out.result(answer, {
      text: () =>
        fields(
          [
            ["Plugin", answer.workload_plugin],
            ["Type", answer.workload_type],
            ["Status", answer.status],
            ["Contract", answer.contract_version],
            ["Ports", ports.join(", ")],
            ...Object.entries(answer.config).map(([key, value]): [string, string] => [`config ${key}`, shown(value)]),
            ...Object.entries(answer.details).map(([key, value]): [string, string] => [`detail ${key}`, shown(value)]),
          ],
          out.colors.bold,
        ),
      names: () => [answer.workload_plugin],
    });
  },
});
