import { addresses } from "@dockersnap/contract/addresses";
import type { Route } from "@dockersnap/contract/routes";
import { DockersnapError, type Operation } from "@dockersnap/contract/words";
import { failureOfOperation } from "./errors.ts";
import type { BegunOperation, Service } from "./service.ts";

export const operationHeader = "Dockersnap-Operation";

/** How a caller wants to learn of an operation's end. */
export type Waiting = "answer" | "stream" | "later";

/** `Prefer: respond-async` says it outright, so it wins over a client's usual `Accept`. */
export function waitingOf(accept: string | undefined, prefer: string | undefined): Waiting {
  const listed = (header: string | undefined) =>
    (header ?? "").split(",").map((part) => part.split(";")[0]?.trim().toLowerCase());
  if (listed(prefer).includes("respond-async")) return "later";
  return listed(accept).includes("application/x-ndjson") ? "stream" : "answer";
}

/** 202 at once, with where to look. */
export function answerLater(service: Service, { id }: BegunOperation): Response {
  return Response.json(service.operations.get(id), {
    status: 202,
    headers: {
      Location: addresses.getOperation.path.replace("{id}", id),
      "Preference-Applied": "respond-async",
      [operationHeader]: id,
    },
  });
}

/** The answer of a caller who waits: the operation's result or its failure, or that the daemon stops before its end. */
export async function answerAtEnd(
  route: Route,
  { id, done }: BegunOperation,
  leaving: AbortSignal,
): Promise<{ response: Response; ended: Operation }> {
  const ended = await beforeLeaving(done, leaving);
  if (ended === undefined) {
    throw new DockersnapError(
      "shutting_down",
      `The daemon is stopping. Operation ${id} is finished or undone when it starts again; check it then.`,
      { details: { operation: id } },
    );
  }
  const headers = { [operationHeader]: id };
  if (ended.status !== "done") {
    const { status, body } = failureOfOperation(ended);
    return { response: Response.json(body, { status, headers }), ended };
  }
  const { status, body } = route.answer;
  const response =
    body === undefined
      ? new Response(null, { status, headers })
      : Response.json(withWarnings(ended.result ?? {}, ended.warnings), { status, headers });
  return { response, ended };
}

/** An answer together with what was ignored of its request, behind what it warns of itself. */
export function withWarnings(answer: unknown, ignored: readonly string[] | undefined): unknown {
  if (ignored === undefined || ignored.length === 0) return answer;
  if (typeof answer !== "object" || answer === null || Array.isArray(answer)) return answer;
  const own = "warnings" in answer && Array.isArray(answer.warnings) ? answer.warnings : [];
  return { ...answer, warnings: [...own, ...ignored] };
}

async function beforeLeaving<T>(done: Promise<T>, leaving: AbortSignal): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const onAbort = () => resolve(undefined);
  if (leaving.aborted) onAbort();
  leaving.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([done, promise]);
  } finally {
    leaving.removeEventListener("abort", onAbort);
  }
}
