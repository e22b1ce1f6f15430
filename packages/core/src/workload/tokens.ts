import {
  type Access,
  type AccessEndpoint,
  type AccessFile,
  type AccessResponse,
  contractVersion,
  DockersnapError,
  type PortMapping,
} from "@dockersnap/contract/words";

export interface AccessFacts {
  readonly instance: string;
  /** The instance's Docker socket on the daemon's host. */
  readonly socket: string;
  /** An IPv4 or IPv6 address or a name, without brackets. */
  readonly host: string;
  readonly ports: readonly PortMapping[];
}

const token = /\$\{(HOST|PORT:([^}]*))\}/g;
const environmentName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const octalMode = /^0?[0-7]{3}$/;
const defaultMode = "0600";

/**
 * A plugin's access answer with `${HOST}` and `${PORT:<label>}` put in, in one pass: what was put in is never looked at
 * again. `${ACCESS_DIR}` is the client's. An unknown port stays as it stands and is warned of. What could harm whoever
 * uses the answer (a file outside its folder, an odd environment name) makes the whole of it `plugin_failed`.
 */
export function resolveAccess(response: AccessResponse, facts: AccessFacts): Access {
  const warnings = new Set<string>();
  const put = (text: string) => resolve(text, facts, warnings);

  const env = Object.fromEntries(
    Object.entries(response.env ?? {}).map(([name, value]) => [checkedName(name), put(value)]),
  );
  const files = (response.files ?? []).map((file) => ({ ...checkedFile(file), content: put(file.content) }));
  const endpoints = (response.endpoints ?? []).map((endpoint) => withUrl(endpoint, facts, put, warnings));
  return {
    contract_version: response.contract_version ?? contractVersion,
    // The daemon's own: a plugin must not lead its users to another engine.
    env: { ...env, DOCKER_HOST: `unix://${facts.socket}`, DOCKERSNAP_INSTANCE: facts.instance },
    files,
    endpoints,
    ...(warnings.size === 0 ? {} : { warnings: [...warnings] }),
  };
}

function resolve(text: string, { host, ports }: AccessFacts, warnings: Set<string>): string {
  return text.replace(token, (whole, name: string, label: string | undefined, offset: number) => {
    if (name === "HOST") return inUrl(text, offset, whole.length) ? urlHost(host) : host;
    const port = ports.find((each) => each.description === label);
    if (port !== undefined) return String(port.host_port);
    warnings.add(unknownPort(label ?? "", ports));
    return whole;
  });
}

/** An IPv6 address needs brackets exactly where a URL's authority or a `host:port` pair is written. */
function inUrl(text: string, offset: number, length: number): boolean {
  const before = text[offset - 1];
  const isBracketed = before === "[";
  const after = text.slice(offset + length);
  return !isBracketed && (/(:\/\/|@)$/.test(text.slice(0, offset)) || /^:(\d|\$\{PORT:)/.test(after));
}

function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function withUrl(
  endpoint: AccessEndpoint,
  facts: AccessFacts,
  put: (text: string) => string,
  warnings: Set<string>,
): AccessEndpoint {
  if (endpoint.url !== undefined) return { ...endpoint, url: put(endpoint.url) };
  if (endpoint.host_port_label === undefined) return endpoint;
  const port = facts.ports.find((each) => each.description === endpoint.host_port_label);
  if (port === undefined) {
    warnings.add(unknownPort(endpoint.host_port_label, facts.ports));
    return endpoint;
  }
  return { ...endpoint, url: `${endpoint.scheme ?? "https"}://${urlHost(facts.host)}:${port.host_port}` };
}

function unknownPort(label: string, ports: readonly PortMapping[]): string {
  const known = ports.map((port) => `'${port.description}'`).join(", ");
  return `No forwarded port is labelled '${label}'; ${known === "" ? "no port is forwarded yet" : `there are ${known}`}.`;
}

function checkedName(name: string): string {
  if (environmentName.test(name)) return name;
  throw refused(`it sets the environment variable ${JSON.stringify(name)}, which is no name a shell takes`);
}

function checkedFile(file: AccessFile): AccessFile & { mode: string } {
  const mode = file.mode === undefined || file.mode === "" ? defaultMode : file.mode;
  if (!isPlainRelativePath(file.name)) {
    throw refused(`it writes a file ${JSON.stringify(file.name)}, which is no plain relative path`);
  }
  if (!octalMode.test(mode)) {
    throw refused(
      `it gives the file '${file.name}' the mode ${JSON.stringify(mode)}; expected octal digits such as "0600"`,
    );
  }
  return { ...file, mode };
}

function isPlainRelativePath(name: string): boolean {
  const parts = name.split("/");
  return (
    name.length <= 255 &&
    !/[\p{Cc}\\]/u.test(name) &&
    parts.every((part) => part !== "" && part !== "." && part !== "..")
  );
}

function refused(why: string): DockersnapError {
  return new DockersnapError(
    "plugin_failed",
    `The plugin's access answer was refused: ${why}. Its author has to mend it.`,
  );
}
