import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Route } from "@dockersnap/contract/routes";
import { DockersnapError } from "@dockersnap/contract/words";
import { isLoopback } from "./loopback.ts";

/** Decides whether a request may be served at all, by its headers alone. */
export type Guard = (needs: Route["needs"], headers: IncomingHttpHeaders) => void;

/**
 * With a token, whoever sends it. Without one only this machine's own users, so a `Host` that is not a loopback name is
 * `forbidden`: a page of another site may have made its name point here. A foreign `Origin` never changes anything.
 */
export function createGuard(token: string | undefined): Guard {
  const expected = token === undefined ? undefined : digest(token);
  return (needs, headers) => {
    if (expected === undefined) refuseForeignHost(headers.host);
    else if (needs !== "nothing") refuseWrongToken(expected, headers.authorization);
    if (needs === "operate") refuseForeignOrigin(headers);
  };
}

function refuseForeignHost(host: string | undefined): void {
  const name = hostName(host);
  if (name !== undefined && isLoopback(name)) return;
  throw new DockersnapError(
    "forbidden",
    "Without api.token the daemon answers only to localhost and loopback addresses. Use http://127.0.0.1, or set api.token.",
  );
}

function refuseWrongToken(expected: Buffer, authorization: string | undefined): void {
  const [, sent] = /^Bearer +(\S+) *$/i.exec(authorization ?? "") ?? [];
  if (sent === undefined) {
    throw new DockersnapError(
      "unauthorized",
      "A token is needed: send 'Authorization: Bearer <token>' with the daemon's api.token.",
    );
  }
  // Of digests, which have one length whatever was sent.
  if (!timingSafeEqual(digest(sent), expected)) {
    throw new DockersnapError("unauthorized", "The token sent is not the daemon's api.token.");
  }
}

function refuseForeignOrigin(headers: IncomingHttpHeaders): void {
  const { origin, host } = headers;
  const site = headers["sec-fetch-site"];
  const isOwn =
    origin === undefined ? site === undefined || site === "same-origin" || site === "none" : sameHost(origin, host);
  if (isOwn) return;
  throw new DockersnapError("forbidden", "A page of another origin may not change anything here.");
}

function sameHost(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  const own = `${page.protocol}//${host}`;
  return page.host !== "" && URL.canParse(own) && new URL(own).host === page.host;
}

/** The name or address in a `Host` header, without its port and brackets; undefined for what is neither. */
export function hostName(host: string | undefined): string | undefined {
  const [, address, name] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]{1,253}))(?::\d{1,5})?$/.exec(host ?? "") ?? [];
  return address ?? name;
}

const digest = (text: string) => createHash("sha256").update(text).digest();
