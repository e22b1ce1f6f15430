import type { Client } from "@dockersnap/client";
import { DockersnapError, type Instance, type InstanceUsage, type PoolRoom, size } from "@dockersnap/contract/words";
import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { limitLines } from "../limits-view.ts";
import { flag } from "../options.ts";
import { fields } from "../output/table.ts";
import { age } from "../output/time.ts";
import { verdict } from "../output/verdict.ts";
import { warnOfPool } from "../pool.ts";
import { portRows } from "../ports-view.ts";

export const status = defineCommand({
  summary: "Show the status of an instance: health, ports, snapshots, workload",
  args: { name: instanceArgument },
  options: { size: flag("Also show the size of the instance and its snapshots (takes seconds)") },
  examples: ["dockersnap status web", "dockersnap status web --size", "dockersnap status web -o json"],
  async run({ args, options, client, out }) {
    const instance = await client.instances.get(args.name);
    const [parts, usage] = await Promise.all([
      out.style.format === "text" ? textParts(client, instance, out.colors.bold) : [],
      options.size ? client.instances.usage(args.name).catch(unknownYet) : undefined,
      warnOfPool(client, out),
    ]);
    const isKnown = usage !== undefined && !(usage instanceof DockersnapError);
    await out.result(isKnown ? { ...instance, usage } : instance, {
      text: () => [...parts, ...(isKnown ? [usageSection(usage, out.colors.bold)] : [])].join("\n"),
      names: () => [instance.name],
    });
    if (usage instanceof DockersnapError) out.note(`What it occupies is not known: ${usage.message}`);
  },
});

/** Everything else is known all the same. */
function unknownYet(error: unknown): DockersnapError {
  if (error instanceof DockersnapError && error.code === "not_ready") return error;
  throw error;
}

function usageSection(usage: InstanceUsage, bold: (text: string) => string): string {
  const shared = usage.shared_bytes;
  const lines: [string, string][] = [
    ["Size", `${size(usage.referenced_bytes)}, of it ${size(shared)} shared with snapshots, clones or its source`],
    ["Freed by delete", `${size(usage.freed_by_delete_bytes)}, with all its snapshots`],
    ...usage.snapshots.map(({ label, referenced_bytes, freed_by_delete_bytes }): [string, string] => [
      `Snapshot ${label}`,
      `${size(referenced_bytes)}, freed by deleting it ${size(freed_by_delete_bytes)}`,
    ]),
  ];
  return `${bold("Space")}\n${fields(lines, String)}`;
}

async function textParts(client: Client, instance: Instance, bold: (text: string) => string): Promise<string[]> {
  const running = instance.status === "running";
  const [ports, workload, health, standbys, pool] = await Promise.all([
    running ? known(client.instances.ports(instance.name)) : undefined,
    running && instance.workload_plugin !== undefined ? known(client.instances.workload(instance.name)) : undefined,
    running && instance.health !== "none" ? known(client.instances.workloadHealth(instance.name)) : undefined,
    known(client.standbys()),
    known(client.pool.get()),
  ]);
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0
      ? []
      : [
          `${bold(title)}\n${fields(
            lines.map((line) => ["", line]),
            String,
          )}`,
        ];
  return [
    fields(
      [
        ["Name", instance.name],
        ["Status", instance.status],
        ["Error", instance.error],
        ["Network", instance.network_problems?.join(" ")],
        // Of the same moment as the checks below.
        ["Health", instance.health === "none" ? "none" : (health?.health ?? instance.health)],
        ["Operation", instance.operation && `${instance.operation.kind} (${instance.operation.id})`],
        ["Age", `${age(instance.created_at)} (${instance.created_at})`],
        ["Cloned from", instance.clone_of],
        ["Made for", instance.purpose],
        ["Head", instance.parent],
        ["Dataset", instance.dataset],
        ["Socket", instance.socket],
        ["Subnet", instance.subnet],
        ["LoadBalancer IP", instance.metallb_ip],
        ...limitLines(instance),
        ["Engine options", instance.engine && JSON.stringify(instance.engine)],
        ["Plugin", instance.workload_plugin],
        ["Workload", workload && "status" in workload ? `${workload.workload_type}, ${workload.status}` : undefined],
        ["Config", instance.workload_config && JSON.stringify(instance.workload_config)],
      ],
      bold,
    ),
    ...section(
      "Checks",
      (health?.checks ?? []).map(
        ({ name, ok, message }) => `${ok ? "ok" : "FAILED"}  ${name}${message ? `: ${message}` : ""}`,
      ),
    ),
    ...section("Ports", [
      ...portRows(ports?.ports ?? []).map(({ host, inside, container, label }) =>
        `${host} -> ${inside}  ${[container, label].filter(Boolean).join("  ")}`.trimEnd(),
      ),
      ...(ports?.problems ?? [])
        .filter((problem) => !instance.network_problems?.includes(problem))
        .map((problem) => `! ${problem}`),
    ]),
    ...section(
      "Snapshots",
      instance.snapshots.map((one) => `${one.label}  ${age(one.created_at)}  ${verdict(one.verified)}`.trimEnd()),
    ),
    ...section("In no snapshot", instance.not_captured ?? []),
    ...section("Removed, but its space is not free yet", setAside(pool, instance.name)),
    ...section(
      "Clones that wait",
      (standbys ?? [])
        .filter((one) => one.instance === instance.name)
        .map((one) => `${one.label}  ${one.ready} of ${one.count} ready  ${one.problem ?? ""}`.trimEnd()),
    ),
  ];
}

/** What was deleted of the instance, or by a revert, and is still held by something. */
function setAside(pool: PoolRoom | undefined, instance: string): string[] {
  return (pool?.set_aside ?? [])
    .filter(({ what }) => what === instance || what.startsWith(`${instance}@`))
    .map(({ what, since, reason }) => `${what}  removed ${age(since)} ago${reason === undefined ? "" : `  ${reason}`}`);
}

/** A part the daemon cannot tell right now (an instance on its way down, a plugin that fails) leaves the rest as it is. */
async function known<T>(part: Promise<T>): Promise<T | undefined> {
  try {
    return await part;
  } catch (error) {
    if (error instanceof DockersnapError && error.code !== "unauthorized") return undefined;
    throw error;
  }
}
