import * as z from "zod";
import { InstanceName } from "../names.ts";

/** The parameters of a path that names an instance. */
export const instance = { name: InstanceName };

export const flag = (means: string) =>
  z.enum(["true", "false"], { error: "expected true or false" }).optional().describe(means);

/** What every operation on an instance can fail with, before it begins or at its end. */
export const operationFailures = [
  "invalid_request",
  "busy",
  "wrong_state",
  "no_space",
  "read_only",
  "unmounted",
  "not_ready",
  "cancelled",
  "key_reused",
] as const;

export const bodyFailures = ["payload_too_large", "unsupported_media_type"] as const;
