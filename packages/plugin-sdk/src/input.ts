import {
  contractVersion,
  DockersnapError,
  type ForwardedPort,
  type PluginCommand,
  type PluginInput,
} from "@dockersnap/contract/words";

/** What a plugin uses of a `PluginInput`. Null lists and maps, as some languages write empty ones, are empty here. */
export type ParsedInput = Omit<PluginInput, "command"> & {
  readonly forwarded_ports: ForwardedPort[];
  readonly env: Record<string, string>;
  readonly plugin_config: Record<string, unknown>;
};

/**
 * Reads stdin by hand: a schema library would cost more time than most commands take. The instance's name and the
 * contract's version are needed; facts that are missing are empty, so that an input written by hand may be short. Throws
 * `invalid_request` naming the field that is wrong.
 */
export function parseInput(text: string, command: PluginCommand): ParsedInput {
  if (text.trim() === "") {
    throw wrong(`"${command}" reads a PluginInput on stdin, and nothing came`);
  }
  const input = record(parseJson(text), "The input");
  const version = string(input, "contract_version", "The input");
  if (version !== contractVersion) {
    throw wrong(
      `This plugin speaks contract version ${contractVersion}; the input is of version ${version || "(none)"}`,
    );
  }
  const facts = record(input.instance ?? {}, "instance");
  const name = string(input, "instance_name", "The input") || string(facts, "name", "instance");
  if (name === "") throw wrong("The input has no instance_name");
  const fact = (key: string) => string(facts, key, "instance");
  const host = fact("host");
  return {
    contract_version: version,
    instance_name: name,
    instance: {
      name,
      socket: fact("socket"),
      subnet: fact("subnet"),
      data_root: fact("data_root"),
      host_veth_ip: fact("host_veth_ip"),
      ns_veth_ip: fact("ns_veth_ip"),
      netns_name: fact("netns_name"),
      metallb_ip: fact("metallb_ip"),
      created_at: fact("created_at"),
      clone_of: fact("clone_of"),
      ...(host !== "" && { host }),
    },
    forwarded_ports: forwardedPorts(input.forwarded_ports ?? []),
    env: environment(record(input.env ?? {}, "env")),
    plugin_config: record(input.plugin_config ?? {}, "plugin_config"),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DockersnapError("invalid_request", "What came on stdin is not JSON.", { cause });
  }
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(`${what} is not an object`);
  return value as Record<string, unknown>;
}

function string(from: Record<string, unknown>, key: string, what: string): string {
  const value = from[key] ?? "";
  if (typeof value !== "string") throw wrong(`${what}: ${key} is not a string`);
  return value;
}

function environment(from: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.keys(from).map((key) => [key, string(from, key, "env")]));
}

function forwardedPorts(value: unknown): ForwardedPort[] {
  if (!Array.isArray(value)) throw wrong("forwarded_ports is not a list");
  return value.map((item: unknown, index) => {
    const where = `forwarded_ports[${index}]`;
    const port = record(item, where);
    const { container_port, host_port } = port;
    if (!isPort(container_port) || !isPort(host_port)) throw wrong(`${where}: container_port and host_port are ports`);
    const protocol = string(port, "protocol", where) === "udp" ? "udp" : "tcp";
    return { label: string(port, "label", where), container_port, host_port, protocol };
  });
}

const isPort = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value > 0 && value < 65_536;

const wrong = (message: string) => new DockersnapError("invalid_request", `${message}.`);
