import { DockersnapError } from "@dockersnap/plugin-sdk";

/** What an administrator needs to speak to a cluster. All but the server is base64 of PEM. */
export interface Credentials {
  /** The API server's address inside the instance. */
  readonly server: string;
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

const longestKubeconfig = 1024 * 1024;

/**
 * A name that is in the certificate of every API server kubeadm sets up, whatever address it is reached by. Held against it
 * the certificate is checked in full, although it does not know the host the API is forwarded from.
 */
const nameInCertificate = "kubernetes";

/**
 * Takes the credentials out of what kind prints, and nothing else: the file comes from a container, and a kubeconfig can
 * name programs that run on whichever machine uses it.
 */
export async function readCredentials(text: string): Promise<Credentials> {
  if (text.length > longestKubeconfig) throw unusable(`it has more than ${longestKubeconfig} characters`);
  const { parse } = await import("yaml");
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 10, logLevel: "error" });
  } catch (cause) {
    throw unusable("it is not YAML", cause);
  }
  const cluster = only(document, "clusters", "cluster");
  const user = only(document, "users", "user");
  return {
    server: secureUrl(cluster.server),
    authority: base64(cluster, "certificate-authority-data"),
    certificate: base64(user, "client-certificate-data"),
    key: base64(user, "client-key-data"),
  };
}

/** A kubeconfig with these credentials for the API at `server`, in the names kind gives to things. */
export async function kubeconfig(clusterName: string, server: string, credentials: Credentials): Promise<string> {
  const { stringify } = await import("yaml");
  const name = `kind-${clusterName}`;
  const document = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name,
        cluster: {
          server,
          "tls-server-name": nameInCertificate,
          "certificate-authority-data": credentials.authority,
        },
      },
    ],
    users: [
      {
        name,
        user: { "client-certificate-data": credentials.certificate, "client-key-data": credentials.key },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
  // Quoted, so that a server with tokens in it stays one string whatever is put in for them.
  return stringify(document, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN", lineWidth: 0 });
}

function only(document: unknown, list: string, entry: string): Record<string, unknown> {
  const entries = isMapping(document) ? document[list] : undefined;
  const first: unknown = Array.isArray(entries) && entries.length === 1 ? entries[0] : undefined;
  const value = isMapping(first) ? first[entry] : undefined;
  if (!isMapping(value)) throw unusable(`it has not exactly one entry under '${list}'`);
  return value;
}

function secureUrl(server: unknown): string {
  const url = typeof server === "string" ? URL.parse(server) : null;
  if (url?.protocol !== "https:") throw unusable("its server is no https address");
  return url.origin;
}

function base64(from: Record<string, unknown>, key: string): string {
  const value = from[key];
  if (typeof value !== "string" || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) throw unusable(`it has no '${key}'`);
  return value;
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const unusable = (why: string, cause?: unknown) =>
  new DockersnapError("plugin_failed", `The kubeconfig kind gives out for the cluster cannot be used: ${why}.`, {
    cause,
  });
