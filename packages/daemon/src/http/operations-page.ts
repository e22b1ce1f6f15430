import { routes } from "@dockersnap/contract/routes";
import type * as z from "zod";
import type { Service } from "./service.ts";

const usualSize = 100;

/** A page ends early where it gets longer than this many characters, so that no answer is larger than a client can be sent. */
const longestPage = 1_048_576;

/** One page of operations as an array, and in the header `Link` where the next one is. */
export function answerOperations(
  service: Service,
  query: z.output<(typeof routes)["listOperations"]["query"]>,
): Response {
  const limit = query.limit === undefined ? usualSize : Number(query.limit);
  const since = query.since === undefined ? undefined : new Date(query.since).toISOString();
  // One more than is asked for tells whether there is another page.
  const found = service.operations.list({ ...query, since, limit: limit + 1 });
  const shown: string[] = [];
  let length = 0;
  for (const operation of found.slice(0, limit)) {
    const text = JSON.stringify(operation);
    if (shown.length > 0 && length + text.length > longestPage) break;
    shown.push(text);
    length += text.length;
  }
  const last = found[shown.length - 1];
  const headers = new Headers({ "Content-Type": "application/json" });
  if (last !== undefined && shown.length < found.length) {
    const next = new URLSearchParams({ limit: String(limit), before: last.id });
    for (const [name, value] of Object.entries({ instance: query.instance, since: query.since })) {
      if (value !== undefined) next.set(name, value);
    }
    headers.set("Link", `<${routes.listOperations.path}?${next}>; rel="next"`);
  }
  return new Response(`[${shown.join(",")}]`, { headers });
}
