import type { PortMapping } from "@dockersnap/contract/words";
import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { flag } from "../options.ts";
import { oneLine } from "../output/printable.ts";
import { table } from "../output/table.ts";

export const ports = defineCommand({
  summary: "List the ports that lead to an instance's containers",
  args: { name: instanceArgument },
  options: { refresh: flag("Look at the containers again first") },
  examples: ["dockersnap ports web", "dockersnap ports web --refresh -o json"],
  async run({ args, options, client, out }) {
    const answer = await (options.refresh
      ? client.instances.refreshPorts(args.name)
      : client.instances.ports(args.name));
    const rows = answer.ports.map((port) => [
      hostPort(port),
      port.requested_host_port === undefined ? "" : String(port.requested_host_port),
      `${port.in_container_port}/${port.protocol}`,
      port.description,
    ]);
    await out.result(answer, {
      text: () =>
        [
          table(["HOST PORT", "ASKED FOR", "CONTAINER", "LABEL"], rows, out.colors.bold),
          // Docker reports the number inside the instance; on this host, another instance may have that number.
          ...(rows.length === 0
            ? []
            : [
                `\nOn the daemon's host, every port also answers at ${oneLine(answer.target_ip)}, under the number that Docker reports.\n`,
              ]),
          ...(answer.problems ?? []).map((problem) => `! ${oneLine(problem)}\n`),
        ].join(""),
      names: () => answer.ports.map((port) => String(port.host_port)),
    });
    if (rows.length === 0 && answer.problems === undefined) out.note(`No container of ${args.name} publishes a port.`);
  },
});

function hostPort({ host_port, loopback, ipv6_loopback }: PortMapping): string {
  const where = [
    ...(loopback === true && ipv6_loopback !== "only" ? ["loopback"] : []),
    ...(ipv6_loopback === undefined ? [] : ["[::1]"]),
  ];
  return where.length === 0 ? String(host_port) : `${host_port} (${where.join(", ")})`;
}
