import * as z from "zod";

/** Whether a rule of the contract holds; `skipped` where it could not be looked at. Only `failed` fails a check. */
export const RuleOutcome = z.enum(["ok", "failed", "warning", "skipped"]);
export type RuleOutcome = z.infer<typeof RuleOutcome>;

/** What `dockersnap plugin check` found out about one rule. */
export const RuleResult = z.object({
  /** Stable: `<what it is about>/<rule>`. */
  rule: z.string(),
  /** The rule as a sentence. */
  statement: z.string(),
  outcome: RuleOutcome,
  /** What the plugin did, or why it was not looked at. */
  seen: z.string().optional(),
  /** What puts it right; on a failure and a warning. */
  fix: z.string().optional(),
});
export type RuleResult = z.infer<typeof RuleResult>;

/** What `dockersnap plugin check -o json` prints. */
export const CheckReport = z.object({
  plugin: z.string(),
  /** The executable that was run, links resolved. */
  path: z.string(),
  /** No rule failed. */
  holds: z.boolean(),
  results: z.array(RuleResult),
});
export type CheckReport = z.infer<typeof CheckReport>;

/** What is to be checked, and against which engine. */
export const CheckRequest = z.object({
  path: z.string(),
  config: z.record(z.string(), z.unknown()),
  /** The keys of `config` that were given as words, as they were written: what an option of text takes. */
  texts: z.record(z.string(), z.string()),
  /** A running engine to deploy to; without one nothing is deployed. */
  socket: z.string().optional(),
  /** What is known of the instance whose engine that is. */
  instance: z
    .object({
      name: z.string(),
      subnet: z.string(),
      host_veth_ip: z.string(),
      ns_veth_ip: z.string(),
      netns_name: z.string(),
      metallb_ip: z.string(),
      created_at: z.string(),
      clone_of: z.string(),
    })
    .optional(),
});
export type CheckRequest = z.infer<typeof CheckRequest>;

/** One line of what the checking program says, in order: what it looks at, each rule, and at last that it is through. */
export const CheckLine = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("plugin"), plugin: z.string(), path: z.string() }),
  z.object({ kind: z.literal("result"), result: RuleResult }),
  z.object({ kind: z.literal("end"), holds: z.boolean() }),
  z.object({ kind: z.literal("refused"), code: z.string(), message: z.string() }),
]);
export type CheckLine = z.infer<typeof CheckLine>;
