import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { fields } from "../output/table.ts";

export const workloadDescribe = defineCommand({
  summary: "Show what the plugin reports about the workload",
  args: { name: instanceArgument },
  examples: ["dockersnap workload describe demo", "dockersnap workload describe demo -o json | jq .details"],
  async run({ args, client, out }) {
    const answer = await client.instances.workload(args.name);
    if (!("status" in answer)) {
      await out.result(answer, { text: () => `Instance '${args.name}' has no workload.\n`, names: () => [] });
      return;
    }
    const ports = answer.ports.map((port) => `${port.container_port}/${port.protocol ?? "tcp"} ${port.label}`);
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
            ...Object.entries(answer.details).flatMap(([key, value]) =>
              listed(value).map((line): [string, string] => [`detail ${key}`, line]),
            ),
          ],
          out.colors.bold,
        ),
      names: () => [answer.workload_plugin],
    });
  },
});

const shown = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A line for each item of a list of records, such as the services of a project; one line for anything else. */
function listed(value: unknown): string[] {
  if (!Array.isArray(value) || value.length === 0 || !value.every(isRecord)) return [shown(value)];
  return value.map((item) =>
    Object.entries(item)
      .map(([key, field]): [string, string] => [key, Array.isArray(field) ? field.map(shown).join(" ") : shown(field)])
      .filter(([, words]) => words !== "")
      .map(([key, words]) => `${key} ${words}`)
      .join(", "),
  );
}
