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
    summary: "List operations, newest first, in pages; the Link header names the next page if there is one",
    needs: "read",
    query: z.object({
      limit: PageSize.optional().describe("Maximum number of operations (100 by default); fewer if they are large"),
      before: OperationId.optional().describe("Only operations older than the one with this id"),
      instance: InstanceName.optional().describe("Only operations of this instance, which may have been deleted"),
      since: Timestamp.optional().describe("Only operations that began at this time or later"),
    }),
    answer: { status: 200, means: "The operations.", body: z.array(Operation) },
    fails: ["invalid_request", "not_found"],
  },
  getOperation: {
    ...addresses.getOperation,
    summary: "Show an operation with its steps, and its result or error once it has ended",
    needs: "read",
    params: { id: OperationId },
    answer: { status: 200, means: "The operation.", body: Operation },
    fails: ["invalid_request", "not_found"],
  },
  cancelOperation: {
    ...addresses.cancelOperation,
    summary: "Cancel an operation and undo what it did",
    needs: "operate",
    params: { id: OperationId },
    answer: {
      status: 202,
      means: "Cancellation was requested; the operation's end says whether it was cancelled.",
      body: Operation,
    },
    fails: ["invalid_request", "not_found", "wrong_state"],
  },
  followOperation: {
    ...addresses.followOperation,
    summary: "Follow an operation's progress from its first event to its end",
    needs: "read",
    params: { id: OperationId },
    answer: { status: 200, means: "One event per line.", type: "application/x-ndjson", body: ProgressEvent },
    fails: ["invalid_request", "not_found"],
  },
} as const satisfies Readonly<Record<string, Route>>;
