import type { Settings } from "../platform.ts";

/** The address a client should use for this host's ports: what the operator says, else the one the client came by. */
export function clientHost(
  { advertiseHost, proxyBind }: Pick<Settings, "advertiseHost" | "proxyBind">,
  requestHost?: string,
): string {
  if (advertiseHost !== undefined) return advertiseHost;
  return proxyBind === "0.0.0.0" ? (requestHost ?? "127.0.0.1") : proxyBind;
}
