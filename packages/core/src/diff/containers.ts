import type { ContainerDiff, SettingChange } from "@dockersnap/contract/words";
import type { StoredContainer, StoredPort } from "../content/data-root.ts";
import { changeOf, type Pair, SettingChanges } from "./settings.ts";

/** How a container differs, apart from its files. */
export function containerChange(pair: Pair<StoredContainer>): Omit<ContainerDiff, "files"> | undefined {
  const shown = pair.to ?? pair.from;
  if (shown === undefined) return undefined;
  const isRecreated = pair.from !== undefined && pair.to !== undefined && pair.from.id !== pair.to.id;
  return {
    name: shown.name,
    change: changeOf(pair),
    id: shown.id,
    image: shown.imageName,
    image_digest: shown.image,
    ...(isRecreated ? { recreated: true } : {}),
    settings: settingsOf(pair),
  };
}

function settingsOf({ from, to }: Pair<StoredContainer>): SettingChange[] {
  if (from === undefined || to === undefined) return [];
  return new SettingChanges()
    .value("name", from.name, to.name)
    .value("image", from.imageName, to.imageName)
    .value("image_digest", from.image, to.image)
    .value("state", stateOf(from), stateOf(to))
    .value("command", commandOf(from), commandOf(to))
    .each("env", variablesOf(from), variablesOf(to))
    .each("port", portsOf(from), portsOf(to))
    .each("mount", mountsOf(from), mountsOf(to))
    .members("network", from.networks, to.networks)
    .each("label", from.labels, to.labels)
    .named(from.settings, to.settings)
    .list();
}

function stateOf({ state, exitCode }: StoredContainer): string {
  return state === "exited" ? `exited (${exitCode})` : state;
}

function commandOf({ command }: StoredContainer): string {
  return command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(" ");
}

function variablesOf({ env }: StoredContainer): ReadonlyMap<string, string> {
  return new Map(
    env.map((variable) => {
      const [, name = variable, value = ""] = /^([^=]*)=(.*)$/s.exec(variable) ?? [];
      return [name, value];
    }),
  );
}

function portsOf({ ports }: StoredContainer): ReadonlyMap<string, string> {
  const byInside = Map.groupBy(ports, ({ containerPort, protocol }) => `${containerPort}/${protocol}`);
  return new Map([...byInside].map(([inside, all]) => [inside, all.map(published).sort().join(", ")]));
}

function published({ hostIp, hostPort }: StoredPort): string {
  const port = hostPort === "" ? "any port" : hostPort;
  return hostIp === "" ? port : `${hostIp}:${port}`;
}

function mountsOf({ mounts }: StoredContainer): ReadonlyMap<string, string> {
  return new Map(
    mounts.map(({ type, source, destination, readOnly }) => [
      destination,
      [type, source, ...(readOnly ? ["read-only"] : [])].filter((word) => word !== "").join(" "),
    ]),
  );
}
