import * as z from "zod";
import { ProgressEvent } from "../../plugin/responses.ts";
import { Timestamp } from "../../time.ts";
import { addresses } from "../addresses.ts";
import { InstanceName } from "../names.ts";
import { Operation, OperationId } from "../operation.ts";
import type { Route } from "../route.ts";

const pageRule = { error: "expected a whole number from 1 to 1000" };
const PageSize = z.string(pageRule).regex(/^([1-9]\d{0,2}|1000)$/, pageRule);

export const operationsRoutes = {
  listOperations: {
    ...addresses.listOperations,
    summary: "Operations, newest first, a page at a time; the header Link names the next page where there is one",
    needs: "read",
    query: z.object({
      limit: PageSize.optional().describe("How many at most; 100 when left out, and fewer where they are large"),
      before: OperationId.optional().describe("Only those older than the operation with this id"),
      instance: InstanceName.optional().describe("Only those of this instance, which may be deleted by now"),
      since: Timestamp.optional().describe("Only those begun at this time or later"),
    }),
    answer: { status: 200, means: "The operations.", body: z.array(Operation) },
    fails: ["invalid_request", "not_found"],
  },
  getOperation: {
    ...addresses.getOperation,
    summary: "One operation with its steps, and its result or error once it has ended",
    needs: "read",
    params: { id: OperationId },
    answer: { status: 200, means: "The operation.", body: Operation },
    fails: ["invalid_request", "not_found"],
  },
  cancelOperation: {
    ...addresses.cancelOperation,
    summary: "Ask an operation to stop and take itself back",
    needs: "operate",
    params: { id: OperationId },
    answer: { status: 202, means: "It was asked; its end tells whether it did.", body: Operation },
    fails: ["invalid_request", "not_found", "wrong_state"],
  },
  followOperation: {
    ...addresses.followOperation,
    summary: "An operation's progress from its first event to its end",
    needs: "read",
    params: { id: OperationId },
    answer: { status: 200, means: "One event a line.", type: "application/x-ndjson", body: ProgressEvent },
    fails: ["invalid_request", "not_found"],
  },
} as const satisfies Readonly<Record<string, Route>>;
