import {
  type AccessResponse,
  contractVersion,
  DockersnapError,
  environmentNameProblem,
} from "@dockersnap/contract/words";
import type { ForwardedPort } from "../context.ts";

/** A file that `use` writes into the client's own folder for the instance. */
export interface AccessFile {
  /** A plain relative path below the client's folder for the instance. */
  readonly name: string;
  readonly content: string;
  /** Permission bits, as a number or in octal digits; `0600` unless given. */
  readonly mode?: number | string;
}

/** An address of the workload, for people and for lists. */
export interface AccessEndpoint {
  readonly name: string;
  readonly scheme?: string;
  /** Completes the URL with the client's address of the host; not needed with a `url`. */
  readonly port?: ForwardedPort;
  readonly url?: string;
  /** Whether a client should expect a certificate it cannot check. */
  readonly insecure?: boolean;
  readonly description?: string;
}

/** How to reach the workload. The tokens `hostToken`, `portToken` and `accessDir` may stand in values, contents and URLs. */
export interface AccessResult {
  /** Becomes `export` lines. `DOCKER_HOST`, `DOCKERSNAP_INSTANCE` and `TESTCONTAINERS_HOST_OVERRIDE` are the daemon's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Contents by name, or a list where modes matter. */
  readonly files?: Readonly<Record<string, string>> | readonly AccessFile[];
  readonly endpoints?: readonly AccessEndpoint[];
}

/** A file for an access result. `name` and `mode` as in `AccessFile`. */
export function fileFromString(name: string, content: string, mode?: number | string): AccessFile {
  return mode === undefined ? { name, content } : { name, content, mode };
}

/** Throws `plugin_failed` for what a daemon would refuse: names of variables, paths and modes. */
export function accessResponse({ env = {}, files = [], endpoints = [] }: AccessResult): AccessResponse {
  for (const [name, value] of Object.entries(env)) {
    const problem = environmentNameProblem(name);
    if (problem !== undefined) throw refused(`The environment variable '${name}' ${problem}`);
    if (typeof value !== "string") throw refused(`The environment variable ${name} is not a string`);
  }
  const list = isList(files) ? files : Object.entries(files).map(([name, content]) => ({ name, content }));
  return {
    contract_version: contractVersion,
    env: { ...env },
    files: list.map(wireFile),
    endpoints: endpoints.map(({ port, ...endpoint }) => ({
      ...endpoint,
      ...(port !== undefined && { host_port_label: port.label }),
    })),
  };
}

const isList = (files: NonNullable<AccessResult["files"]>): files is readonly AccessFile[] => Array.isArray(files);

function wireFile({ name, content, mode = 0o600 }: AccessFile) {
  if (!isPlainRelativePath(name)) throw refused(`The file name ${JSON.stringify(name)} is not a plain relative path`);
  if (typeof content !== "string") throw refused(`The content of the file ${name} is not a string`);
  const octal = typeof mode === "number" ? mode.toString(8).padStart(4, "0") : mode;
  if (!/^0?[0-7]{3}$/.test(octal)) throw refused(`The mode ${octal} of the file ${name} is not one such as 0600`);
  return { name, content, mode: octal.padStart(4, "0") };
}

function isPlainRelativePath(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  if (/[\u0000-\u001f\u007f\\]/.test(path)) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

const refused = (message: string) =>
  new DockersnapError("plugin_failed", `${message}; mend the plugin's access handler.`);
