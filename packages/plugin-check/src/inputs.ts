import { statSync, writeFileSync } from "node:fs";
import {
  type CheckRequest,
  type ConfigOption,
  checkConfig,
  contractVersion,
  type ForwardedPort,
  type PluginInput,
} from "@dockersnap/contract";
import type { Scratch } from "./process/scratch.ts";

export const instanceName = "plugin-check";
export const cloneName = "plugin-check-clone";

/** A configuration as a daemon would hand it over. */
export interface Configuration {
  readonly values: Record<string, unknown>;
  /** Required keys nobody gave a value for, with one made up here. */
  readonly madeUp: readonly string[];
  /** Why what was given would not come through to the plugin. */
  readonly problems: readonly string[];
}

/** The user's values over the plugin's defaults, with something of the right type for what is required beyond them. */
export function configure(
  options: readonly ConfigOption[],
  request: Pick<CheckRequest, "config" | "texts">,
  name: string,
  scratch: Scratch,
): Configuration {
  const texts = options
    .filter(({ type, name: key }) => (type === "string" || type === "path") && Object.hasOwn(request.texts, key))
    .map(({ name: key }) => [key, request.texts[key]]);
  const given: Record<string, unknown> = { ...request.config, ...Object.fromEntries(texts) };
  const missing = options.filter(
    (option) => option.required === true && (option.default ?? undefined) === undefined && !(option.name in given),
  );
  const madeUp = Object.fromEntries(missing.map((option) => [option.name, something(option, scratch)]));
  const { config, problems } = checkConfig(
    options,
    { ...madeUp, ...given },
    { instanceName: name, fileExists: isFile },
  );
  return {
    values: config,
    madeUp: missing.map((option) => option.name),
    problems: problems.map(({ message }) => message),
  };
}

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

function something({ type }: ConfigOption, scratch: Scratch): unknown {
  switch (type) {
    case "string":
      return "check";
    case "int":
      return 1;
    case "bool":
      return false;
    case "string-list":
      return ["check"];
    case "path": {
      const path = scratch.path("a-file");
      writeFileSync(path, "");
      return path;
    }
  }
}

/** Addresses of this machine alone, at which nobody is: what a plugin asks there comes back at once. */
const addresses = {
  subnet: "127.86.0.0/16",
  host_veth_ip: "127.86.0.1",
  ns_veth_ip: "127.86.0.2",
  metallb_ip: "127.86.10.10",
} as const;

export interface InputFacts {
  readonly socket: string;
  readonly scratch: Scratch;
  readonly config: Record<string, unknown>;
  readonly ports?: readonly ForwardedPort[];
  /** What is known of the instance, where there is one. */
  readonly instance?: CheckRequest["instance"];
}

/** What a daemon would write for an instance of this check. */
export function inputFor({ socket, scratch, config, ports = [], instance }: InputFacts): PluginInput {
  const name = instance?.name ?? instanceName;
  return {
    contract_version: contractVersion,
    // The one that is called takes this place.
    command: "validate",
    instance_name: name,
    instance: {
      ...addresses,
      data_root: scratch.dataRoot,
      netns_name: `ds-${name}`,
      created_at: "2026-04-30T10:00:00Z",
      clone_of: "",
      host: "127.0.0.1",
      ...instance,
      name,
      socket,
    },
    forwarded_ports: [...ports],
    env: {},
    plugin_config: config,
  };
}

/** The same for a clone of it. */
export function cloneOf(input: PluginInput, config: Record<string, unknown>): PluginInput {
  return {
    ...input,
    instance_name: cloneName,
    instance: {
      ...input.instance,
      name: cloneName,
      netns_name: `ds-${cloneName}`,
      ns_veth_ip: "127.87.0.2",
      host_veth_ip: "127.87.0.1",
      subnet: "127.87.0.0/16",
      metallb_ip: "127.87.10.10",
      clone_of: `${instanceName}@clean`,
    },
    plugin_config: config,
  };
}

/** The same with fields of some later version. */
export const withUnknownFields = (input: PluginInput): PluginInput =>
  ({
    ...input,
    later_field: { nested: [1, null, "text"] },
    instance: { ...input.instance, later_field: true },
    forwarded_ports: (input.forwarded_ports ?? []).map((port) => ({ ...port, later_field: 1 })),
  }) as PluginInput;

const longText = 2 * 1024 * 1024;

/** The same in more bytes than fit an argument, a variable or a pipe. */
export const withLongField = (input: PluginInput): PluginInput =>
  ({ ...input, later_field: "x".repeat(longText) }) as PluginInput;

/** What no daemon writes, and half a one might. */
export function brokenInputs(
  good: PluginInput,
): readonly { readonly what: string; readonly text: string | undefined }[] {
  const text = JSON.stringify(good);
  return [
    { what: "nothing on stdin", text: undefined },
    { what: "half of an input", text: text.slice(0, Math.floor(text.length / 2)) },
    { what: "text that is no JSON", text: "deploy everything, please\n" },
    { what: "a JSON list", text: "[]" },
  ];
}

/** Ports as they would be forwarded for what the configuration calls a port. */
export function plausiblePorts(options: readonly ConfigOption[], config: Record<string, unknown>): ForwardedPort[] {
  const ports = options
    .filter(({ name, type }) => type === "int" && /port/i.test(name))
    .map(({ name }) => config[name])
    .filter((value): value is number => Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536);
  return [...new Set(ports)].map((port, index) => ({
    label: `port-${port}`,
    container_port: port,
    host_port: 30_000 + index,
    protocol: "tcp" as const,
  }));
}

/** The same configuration with a value of the wrong type for each key. */
export function wrongTypes(options: readonly ConfigOption[]): Record<string, unknown> {
  return Object.fromEntries(options.map(({ name, type }) => [name, wrong(type)]));
}

function wrong(type: ConfigOption["type"]): unknown {
  switch (type) {
    case "string":
    case "path":
      return { not: "text" };
    case "int":
      return "not a number";
    case "bool":
      return "neither";
    case "string-list":
      return 7;
  }
}

/** Text that leaves `trap` empty as long as nobody runs it: one command for each way of quoting it badly. */
export function hostileText(trap: string): string {
  return [
    `$(touch ${trap}/substituted)`,
    `\`touch ${trap}/backquoted\``,
    `'; touch ${trap}/single-quoted; '`,
    `"; touch ${trap}/double-quoted; "`,
    `\\ \\" \\n\ntouch ${trap}/new-line\n`,
  ].join("");
}

/** Keys whose value can be any text, with one and the same put in. */
export function withText(
  options: readonly ConfigOption[],
  config: Record<string, unknown>,
  text: string,
  only: (option: ConfigOption) => boolean = () => true,
): Record<string, unknown> {
  const changed = options
    .filter((option) => (option.type === "string" || option.type === "string-list") && only(option))
    .map(({ name, type }) => [name, type === "string" ? text : [text]]);
  return { ...config, ...Object.fromEntries(changed) };
}

export const isSecret = ({ name }: ConfigOption) =>
  /secret|passw|token|credential|private[._-]?key|api[._-]?key/i.test(name);
