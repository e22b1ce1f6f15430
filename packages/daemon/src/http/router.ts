import { type Route, type RouteId, routes } from "@dockersnap/contract/routes";

const pages = ["/", "/ui", "/ui/{page}"];

/** Every address with the methods it takes. */
const addresses: readonly { readonly pattern: RegExp; readonly method: string }[] = [
  ...Object.values(routes).map(({ path, method }) => ({ pattern: pattern(path, "[^/]+"), method })),
  ...pages.map((path) => ({ pattern: pattern(path, ".*"), method: "GET" })),
];

function pattern(path: string, parameter: string): RegExp {
  return new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, parameter)}$`);
}

/** The methods an address takes, or none where there is nothing. */
export function allowedMethods(path: string): readonly string[] {
  const methods = new Set(addresses.filter((one) => one.pattern.test(path)).map(({ method }) => method));
  if (methods.size === 0) return [];
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods.add("OPTIONS")].sort();
}

export const routeEntries = Object.entries(routes) as unknown as readonly (readonly [RouteId, Route])[];
