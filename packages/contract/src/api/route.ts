import type * as z from "zod";
import type { ErrorCode } from "../errors.ts";
import type { Address } from "./addresses.ts";

export interface Answer {
  readonly status: 200 | 201 | 202 | 204;
  readonly means: string;
  /** Absent for an empty body. */
  readonly body?: z.ZodType;
  /** Of the body; `application/json` when left out. A stream's `body` is the shape of one of its items. */
  readonly type?: "application/json" | "application/x-ndjson" | "text/event-stream" | "text/plain";
}

/** One thing the API does, as data: the daemon serves it, the OpenAPI document tells it. */
export interface Route extends Address {
  readonly summary: string;
  /** `nothing`: open to all; `read`: the token where there is one; `operate`: that, and no foreign origin. */
  readonly needs: "nothing" | "read" | "operate";
  /** A schema for each parameter of the path. */
  readonly params?: Readonly<Record<string, z.ZodType>>;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly answer: Answer;
  /** Beyond what every route can fail with. */
  readonly fails: readonly ErrorCode[];
}

/** Bounds on any body, so that looking at one takes a bounded time. */
export const bodyBounds = { levels: 64, values: 10_000 } as const;

/** Where nothing has to be sent, sending nothing is as good as an empty object. */
export const mayBeLeftOut = (body: z.ZodType): boolean => body.safeParse({}).success;

/** What any route can fail with, whatever it does. */
export const commonFailures = [
  "unauthorized",
  "forbidden",
  "too_many_requests",
  "internal",
  "shutting_down",
] as const satisfies readonly ErrorCode[];
