import { addresses, api, type RouteId } from "@dockersnap/contract/addresses";
import { DockersnapError, type RouteParams } from "@dockersnap/contract/words";

/** The metrics stand outside of what the client asks for. */
type ApiRouteId = Exclude<RouteId, "getMetrics">;

/** A route's path below `/api/v1`, with its parameters put in. */
export function pathOf<Id extends ApiRouteId>(id: Id, params: RouteParams<Id>): string {
  const names: Readonly<Record<string, string>> = params;
  return addresses[id].path
    .slice(api.length)
    .replaceAll(/\{(\w+)\}/g, (_braces, parameter: string) => segment(names[parameter] ?? ""));
}

/** With its question mark, or nothing where nothing is asked. */
export function queryOf(question: Readonly<Record<string, string | undefined>>): string {
  const asked = Object.entries(question).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return asked.length === 0 ? "" : `?${new URLSearchParams(asked)}`;
}

/**
 * One segment of a path. URLs drop `.` and `..` even when they are escaped, so such a name would reach another route.
 */
function segment(name: string): string {
  if (name === "" || name === "." || name === "..") {
    throw new DockersnapError("invalid_request", `'${name}' is not a name.`);
  }
  return encodeURIComponent(name);
}
