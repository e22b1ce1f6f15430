import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Route } from "@dockersnap/contract/routes";
import { expect, it } from "vitest";
import { routeEntries } from "../../../src/http/router.ts";
import { documentAllows, serverTakes } from "./requests.ts";

const page = readFileSync(join(import.meta.dirname, "../../../../../docs/reference/rest-api.md"), "utf8");
const commands = [...page.matchAll(/^curl .*$/gm)].map(([line]) => line);

function routeOf(method: string, path: string): { route: Route; params: Record<string, string> } {
  for (const [, route] of routeEntries) {
    const pattern = new RegExp(`^${route.path.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`);
    const found = route.method === method ? pattern.exec(path) : null;
    if (found !== null) return { route, params: { ...found.groups } };
  }
  throw new Error(`No route takes ${method} ${path}.`);
}

it.each(commands)("%s, from the page of the REST API, is a request that document and server take", async (command) => {
  const [, method = "GET", quoted, plain, sent] =
    /^curl (?:-X (\w+) )?(?:'([^']+)'|(\S+))(?: -d '(.+)')?$/.exec(command) ?? [];
  const { pathname, searchParams } = new URL(quoted ?? plain ?? "");
  const { route, params } = routeOf(method, pathname);
  const query = Object.fromEntries(searchParams);
  const request = { params, query, headers: {}, body: sent === undefined ? undefined : JSON.parse(sent) };
  expect({ document: documentAllows(route, request), server: await serverTakes(route, request) }).toEqual({
    document: true,
    server: true,
  });
});

it("are found on the page", () => {
  expect(commands.length).toBeGreaterThan(15);
});
