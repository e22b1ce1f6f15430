import { addresses } from "@dockersnap/contract/addresses";
import type { Operation, RouteSends } from "@dockersnap/contract/words";
import { pathOf, queryOf } from "./address.ts";
import { shaped } from "./call.ts";
import type { Call, Transport } from "./transport.ts";

/** Which operations are listed; all without it. */
export interface OperationsQuestion {
  readonly limit?: number | undefined;
  readonly instance?: string | undefined;
  /** A time; only those that began then or later. */
  readonly since?: string | undefined;
}

const largestPage = 1_000;

/** The daemon answers with a page at a time, and each page names the next one. */
export async function allOperations(
  transport: Transport,
  {
    signal,
    limit = Number.POSITIVE_INFINITY,
    ...which
  }: OperationsQuestion & { readonly signal?: AbortSignal | undefined } = {},
): Promise<Operation[]> {
  const found: Operation[] = [];
  const page = limit === Number.POSITIVE_INFINITY ? undefined : String(Math.min(limit, largestPage));
  const question: RouteSends<"listOperations"> = { limit: page, ...which };
  const list = pathOf("listOperations", {});
  let path: string | undefined = `${list}${queryOf(question)}`;
  while (path !== undefined && found.length < limit) {
    const call: Call = { method: "GET", path, signal };
    const response = await transport.open(call);
    const answer = shaped("listOperations", await transport.read(call, response), list);
    found.push(...answer);
    path = answer.length === 0 ? undefined : nextPage(response.headers.get("link"), list);
  }
  return found.slice(0, Math.min(limit, found.length));
}

/** Only ever an address of this list: a page leads nowhere else. */
function nextPage(link: string | null, list: string): string | undefined {
  const [, path, query = ""] = /^<([^?>]*)(\?[^>]*)>; rel="next"$/.exec(link ?? "") ?? [];
  return path === addresses.listOperations.path ? `${list}${query}` : undefined;
}
