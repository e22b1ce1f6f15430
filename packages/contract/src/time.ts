import * as z from "zod";

/** A moment as RFC 3339 in UTC, such as `2026-04-30T10:00:00.000Z`. */
export const Timestamp = z.iso.datetime({ error: "expected a time such as 2026-04-30T10:00:00Z" });
