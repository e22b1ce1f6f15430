import * as z from "zod";
import { ProgressEvent } from "../../plugin/responses.ts";
import { Operation, OperationId } from "../operation.ts";
import type { Route } from "../route.ts";
import { api } from "./parts.ts";

export const operationsRoutes = {
  listOperations: {
    method: "GET",
    path: `${api}/operations`,
    summary: "Operations, newest first",
    needs: "read",
    answer: { status: 200, means: "The operations.", body: z.array(Operation) },
    fails: [],
  },
  getOperation: {
    method: "GET",
    path: `${api}/operations/{id}`,
    summary: "One operation with its steps, and its result or error once it has ended",
    needs: "read",
    params: { id: OperationId },
    answer: { status: 200, means: "The operation.", body: Operation },
    fails: ["invalid_request", "not_found"],
  },
  cancelOperation: {
    method: "DELETE",
    path: `${api}/operations/{id}`,
    summary: "Ask an operation to stop and take itself back",
    needs: "operate",
    params: { id: OperationId },
    answer: { status: 202, means: "It was asked; its end tells whether it did.", body: Operation },
    fails: ["invalid_request", "not_found", "wrong_state"],
  },
  followOperation: {
    method: "GET",
    path: `${api}/operations/{id}/events`,
    summary: "An operation's progress from its first event to its end",
    needs: "read",
    params: { id: OperationId },
    answer: { status: 200, means: "One event a line.", type: "application/x-ndjson", body: ProgressEvent },
    fails: ["invalid_request", "not_found"],
  },
} as const satisfies Readonly<Record<string, Route>>;
