import type { PublishedPort } from "./project.ts";

/** Ports that are used for HTTP by so many programs that a browser is worth a try. */
const http = new Set([80, 3000, 3001, 4000, 4200, 5000, 5173, 5678, 8000, 8008, 8080, 8081, 8088, 8888, 9000, 9090]);
const https = new Set([443, 8443, 9443]);

/** What to write before `://`: what the file says, else what the port number is known for, else the bare protocol. */
export function schemeOf({ port, protocol, appProtocol }: PublishedPort): string {
  if (protocol === "udp") return "udp";
  const said = parseScheme(appProtocol);
  if (said !== undefined) return said;
  if (https.has(port)) return "https";
  return http.has(port) ? "http" : "tcp";
}

/** Whether an address with this scheme is complete: a database's would lack a user, a password and a database. */
export const isWeb = (scheme: string): boolean => scheme === "http" || scheme === "https";

/** A word that can be a scheme, in lower case; undefined for anything else. */
export function parseScheme(word: string | undefined): string | undefined {
  const scheme = word?.trim().toLowerCase() ?? "";
  return /^[a-z][a-z0-9+.-]{0,31}$/.test(scheme) ? scheme : undefined;
}
