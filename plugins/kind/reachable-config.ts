import { readFile } from "node:fs/promises";

/** Of the instance, whose ports are the daemon's host's in turn. */
const everyAddress = "0.0.0.0";

const bare = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n";

/**
 * The operator's kind configuration, or one that says nothing, with the API server published on every address of the
 * instance. By itself kind publishes it on the loopback, and what is there answers on the loopback of the daemon's host alone,
 * which a kubeconfig on another machine does not lead to. A configuration that names an address, or has no IPv4, stays as it is.
 */
export async function reachableConfig(path: string | undefined): Promise<string> {
  const { parseDocument } = await import("yaml");
  const document = parseDocument(path ? await readFile(path, "utf8") : bare, { logLevel: "error" });
  if (document.getIn(["networking", "apiServerAddress"]) || document.getIn(["networking", "ipFamily"]) === "ipv6") {
    return document.toString({ lineWidth: 0 });
  }
  // 'networking:' without anything below it is a mapping all the same.
  if (!document.get("networking")) document.set("networking", document.createNode({}));
  document.setIn(["networking", "apiServerAddress"], everyAddress);
  return document.toString({ lineWidth: 0 });
}
