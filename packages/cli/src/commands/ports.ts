import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { flag } from "../options.ts";
import { oneLine } from "../output/printable.ts";
import { table } from "../output/table.ts";
import { type PortRow, portRows } from "../ports-view.ts";

export const ports = defineCommand({
  summary: "List the forwarded ports of an instance",
  args: { name: instanceArgument },
  options: { refresh: flag("Scan the containers again first") },
  examples: ["dockersnap ports web", "dockersnap ports web --refresh -o json"],
  async run({ args, options, client, out }) {
    const answer = await (options.refresh
      ? client.instances.refreshPorts(args.name)
      : client.instances.ports(args.name));
    const rows = portRows(answer.ports);
    await out.result(answer, {
      text: () =>
        [
          table(["HOST PORT", "ASKED FOR", "CONTAINER PORT", "CONTAINER", "LABEL"], rows.map(cells), out.colors.bold),
          // Docker reports the number inside the instance; on this host, another instance may have that number.
          ...(rows.length === 0
            ? []
            : [
                `\nOn the daemon's host, every port also answers at ${oneLine(answer.target_ip)}, under the number that Docker reports.\n`,
              ]),
          ...(answer.problems ?? []).map((problem) => `! ${oneLine(problem)}\n`),
        ].join(""),
      names: () => [...new Set(answer.ports.map((port) => String(port.host_port)))],
    });
    if (rows.length === 0 && answer.problems === undefined) out.note(`No container of ${args.name} publishes a port.`);
  },
});

function cells({ host, asked, inside, container, label }: PortRow): readonly string[] {
  return [host, asked, inside, container, label];
}
