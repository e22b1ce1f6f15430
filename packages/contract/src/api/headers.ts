import * as z from "zod";

const keyRule = "1 to 200 visible ASCII characters";

/** By which a repeated request is recognised. */
export const IdempotencyKey = z
  .string({ error: `expected ${keyRule}` })
  .regex(/^[!-~]{1,200}$/, { error: `expected ${keyRule}` });

const idRule = "the id of an event, a whole number";

/** After which event a stream goes on; empty for none, as browsers send it. */
export const LastEventId = z
  .string({ error: `expected ${idRule}` })
  .regex(/^\d{0,15}$/, { error: `expected ${idRule}` });
