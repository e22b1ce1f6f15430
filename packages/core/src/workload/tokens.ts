import {
  type Access,
  type AccessEndpoint,
  type AccessFile,
  type AccessResponse,
  contractVersion,
  DockersnapError,
  environmentNameProblem,
  type PortMapping,
} from "@dockersnap/contract/words";

export interface AccessFacts {
  readonly instance: string;
  /** Whose answer it is; undefined without a workload. */
  readonly plugin?: string | undefined;
  /** The instance's Docker socket on the daemon's host. */
  readonly socket: string;
  /**
   * The address at which every published port has the number that Docker reports. It is reached from the daemon's host and
   * from the instance's own containers only.
   */
  readonly address: string;
  /** An IPv4 or IPv6 address or a name, without brackets. */
  readonly host: string;
  readonly ports: readonly PortMapping[];
}

const token = /\$\{(HOST|PORT:([^}]*))\}/g;
const octalMode = /^0?[0-7]{3}$/;
const defaultMode = "0600";

/** Where a token stands inside a URL's authority; user names longer than this are not looked for. */
const authorityBefore = /:\/\/(?:[^\s/]*@)?$/;
const longestAuthority = 300;

/**
 * A plugin's access answer with `${HOST}` and `${PORT:<label>}` put in, in one pass: what was put in is never looked at
 * again. `${ACCESS_DIR}` is the client's. An unknown port stays as it stands and is warned of. What could harm whoever
 * uses the answer (a file outside its folder, an odd environment name) makes the whole of it `plugin_failed`.
 */
export function resolveAccess(response: AccessResponse, facts: AccessFacts): Access {
  refuseHarm(response, facts.plugin);
  const warnings = new Set<string>();
  const put = (text: string) => resolve(text, facts, warnings);

  const env = Object.fromEntries(Object.entries(response.env ?? {}).map(([name, value]) => [name, put(value)]));
  const files = (response.files ?? []).map((file) => ({ ...file, mode: modeOf(file), content: put(file.content) }));
  const endpoints = (response.endpoints ?? []).map((endpoint) => withUrl(endpoint, facts, put, warnings));
  return {
    contract_version: response.contract_version ?? contractVersion,
    // These are the daemon's own: a plugin must not lead its users to another engine or to its ports.
    env: {
      ...env,
      DOCKER_HOST: `unix://${facts.socket}`,
      DOCKERSNAP_INSTANCE: facts.instance,
      TESTCONTAINERS_HOST_OVERRIDE: facts.address,
    },
    files,
    endpoints,
    ...(warnings.size === 0 ? {} : { warnings: [...warnings] }),
  };
}

function resolve(text: string, { host, ports }: AccessFacts, warnings: Set<string>): string {
  return text.replace(token, (whole, name: string, label: string | undefined, offset: number) => {
    if (name === "HOST") return inAuthority(text, offset, whole.length) ? urlHost(host) : host;
    const port = ports.findLast(({ description }) => description === label);
    if (port === undefined) {
      warnings.add(unknownPort(label ?? "", ports));
      return whole;
    }
    warnOfLoopback(port, host, warnings);
    return String(port.host_port);
  });
}

/** The plugin's words say `host`, and what is published on the loopback does not answer there. */
function warnOfLoopback(port: PortMapping, host: string, warnings: Set<string>): void {
  const { loopback, ipv6_loopback, description, host_port } = port;
  if (loopback !== true || host === "localhost") return;
  if (ipv6_loopback === "only" ? host === "::1" : host.startsWith("127.")) return;
  const address = ipv6_loopback === "only" ? "[::1]" : "127.0.0.1";
  warnings.add(
    `The port '${description}' is published on the loopback, so it answers on the daemon's host alone, at ${address}:${host_port}, and not at ${host}. Publish it without an address to reach it from elsewhere.`,
  );
}

/**
 * An IPv6 address needs brackets exactly where a URL's authority or a `host:port` pair is written: after `://` (with a user
 * name or without), or before `:` and a port.
 */
function inAuthority(text: string, offset: number, length: number): boolean {
  if (text[offset - 1] === "[") return false;
  const end = offset + length;
  return (
    authorityBefore.test(text.slice(Math.max(0, offset - longestAuthority), offset)) ||
    /^:(\d|\$\{PORT:)/.test(text.slice(end, end + 8))
  );
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
  const { url, host_port_label: label, scheme } = endpoint;
  // Plugins in Go write an empty string for what they leave out.
  if (url !== undefined && url !== "") return { ...endpoint, url: put(url) };
  if (label === undefined || label === "") return endpoint;
  const port = facts.ports.find((each) => each.description === label);
  if (port === undefined) {
    warnings.add(unknownPort(label, facts.ports));
    return endpoint;
  }
  warnOfLoopback(port, facts.host, warnings);
  return { ...endpoint, url: `${scheme || "https"}://${urlHost(facts.host)}:${port.host_port}` };
}

function unknownPort(label: string, ports: readonly PortMapping[]): string {
  const known = ports.map((port) => `'${port.description}'`).join(", ");
  return `No forwarded port is labelled '${label}'; ${known === "" ? "no port is forwarded yet" : `there are ${known}`}.`;
}

const modeOf = ({ mode }: AccessFile) => mode || defaultMode;

function refuseHarm({ env, files }: AccessResponse, plugin: string | undefined): void {
  const faults = [...Object.entries(env ?? {}).flatMap(environmentFaults), ...(files ?? []).flatMap(fileFaults)];
  if (faults.length === 0) return;
  throw new DockersnapError(
    "plugin_failed",
    `${plugin === undefined ? "The plugin" : `Plugin '${plugin}'`} gave an access answer that cannot be used: ${faults.join("; ")}. Its author has to mend it.`,
    { details: { ...(plugin === undefined ? {} : { plugin }), command: "access", faults } },
  );
}

function environmentFaults([name, value]: readonly [string, string]): string[] {
  const problem = environmentNameProblem(name);
  if (problem !== undefined) return [`it sets the environment variable ${JSON.stringify(name)}, which ${problem}`];
  return value.includes("\0") ? [`the environment variable ${name} holds a NUL, which no environment can`] : [];
}

function fileFaults(file: AccessFile): string[] {
  const name = JSON.stringify(file.name);
  return [
    ...(isPlainRelativePath(file.name) ? [] : [`it writes a file ${name}, which is no plain relative path`]),
    ...(octalMode.test(modeOf(file))
      ? []
      : [`it gives the file ${name} the mode ${JSON.stringify(file.mode)}; expected octal digits such as "0600"`]),
  ];
}

function isPlainRelativePath(name: string): boolean {
  return (
    name.length <= 255 &&
    !/[\p{Cc}\\]/u.test(name) &&
    name.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  );
}
