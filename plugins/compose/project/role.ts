import type { Service } from "./project.ts";

/**
 * What a service is there for, as far as its file tells. A `server` runs on, and is broken when it ends. A `job` does
 * something once. Of an `either` nobody has said which.
 */
export type Role = "server" | "job" | "either";

export function roleOf({ isAwaited, ports, exposes, hasHealthCheck }: Service): Role {
  if (isAwaited) return "job";
  return ports.length > 0 || exposes || hasHealthCheck ? "server" : "either";
}

export const parseRole = (word: string | undefined): Role => (word === "server" || word === "job" ? word : "either");
