import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { errorCodes } from "../src/errors.ts";

it("keeps every code it ever had", () => {
  expect(Object.keys(errorCodes)).toEqual([
    "invalid_request",
    "unauthorized",
    "forbidden",
    "not_found",
    "already_exists",
    "busy",
    "protected",
    "wrong_state",
    "payload_too_large",
    "unsupported_media_type",
    "plugin_refused",
    "key_reused",
    "too_many_requests",
    "internal",
    "plugin_failed",
    "not_ready",
    "shutting_down",
    "cancelled",
    "no_space",
    "read_only",
    "unmounted",
    "unsupported",
  ]);
});

it("is told in full on the page of errors, each code with what to do", () => {
  const page = readFileSync(new URL("../../../docs/reference/errors.md", import.meta.url), "utf8");
  const [table = ""] = /\| code \| HTTP status \|.*?\n\n/s.exec(page) ?? [];
  const rows = table.matchAll(/^\| `(\w+)` \| (\d+) \| (\d+) \| (.+?) \| (.+?) \|$/gm);
  const told = [...rows].map(([, code, status, exit, meaning]) => [
    code,
    { status: Number(status), exit: Number(exit), meaning },
  ]);
  expect(Object.fromEntries(told)).toEqual(errorCodes);
});
