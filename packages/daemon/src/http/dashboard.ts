import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { DockersnapError } from "@dockersnap/contract/words";

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/** Nothing but our own files, no inline script, in nobody's frame. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

interface Page {
  readonly body: Buffer<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
}

/** The dashboard's files by their address below `/ui`. */
export interface Dashboard {
  /** The file at `path`, or the index: deep links are the page's own business. `not_found` for an asset there is none of. */
  respond(path: string, ifNoneMatch: string | undefined): Response;
}

/** Read the folder once: what is not in it then cannot be asked for, whatever an address says. */
export function loadDashboard(folder: string): Dashboard {
  const pages = new Map<string, Page>();
  for (const file of statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? filesUnder(folder) : []) {
    const type = types[extname(file)];
    if (type === undefined) continue;
    const body = readFileSync(join(folder, file));
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    pages.set(file.split(sep).join("/"), { body, type, etag });
  }
  return {
    respond(path, ifNoneMatch) {
      const page = pages.get(path) ?? (path.startsWith("assets/") ? undefined : pages.get("index.html"));
      if (page === undefined) {
        throw new DockersnapError(
          "not_found",
          pages.size === 0
            ? "The dashboard is not built. Run 'npm run build'."
            : `The dashboard has no file '${path}'.`,
        );
      }
      const headers = {
        "Content-Type": page.type,
        "Content-Security-Policy": policy,
        "Cache-Control": "no-cache",
        ETag: page.etag,
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
      };
      if (ifNoneMatch === page.etag) return new Response(null, { status: 304, headers });
      return new Response(page.body, { headers });
    },
  };
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
