import type { RuleOutcome, RuleResult } from "@dockersnap/contract";
import { type Rule, type RuleId, ruleIds, rules } from "./rules.ts";

const weight: Record<RuleOutcome, number> = { skipped: 0, ok: 1, warning: 2, failed: 3 };

const longestSeen = 600;

/** Collects what was found out. A rule looked at several times is as good as its worst; the first to say so is told. */
export class Report {
  readonly #found = new Map<RuleId, { outcome: RuleOutcome; seen: string | undefined }>();
  readonly #onResult: (result: RuleResult) => void;
  readonly #told = new Set<RuleId>();
  #failed = false;

  constructor(onResult: (result: RuleResult) => void) {
    this.#onResult = onResult;
  }

  /** No rule told so far failed. */
  get holds(): boolean {
    return !this.#failed;
  }

  ok(rule: RuleId, seen?: string): void {
    this.#take(rule, "ok", seen);
  }

  failed(rule: RuleId, seen: string): void {
    this.#take(rule, "failed", seen);
  }

  warn(rule: RuleId, seen: string): void {
    this.#take(rule, "warning", seen);
  }

  /** Not looked at, unless it was elsewhere. */
  skip(rule: RuleId, why: string): void {
    this.#take(rule, "skipped", why);
  }

  has(rule: RuleId, outcome: RuleOutcome): boolean {
    return this.#found.get(rule)?.outcome === outcome;
  }

  /** Tell the rules about one thing; what nobody looked at is skipped for `why`. Twice is once. */
  close(group: string, why = "nothing led to it"): void {
    for (const id of ruleIds) {
      if (!id.startsWith(`${group}/`) || this.#told.has(id)) continue;
      this.#told.add(id);
      const { outcome, seen } = this.#found.get(id) ?? { outcome: "skipped", seen: why };
      if (outcome === "failed") this.#failed = true;
      const { statement, fix }: Rule = rules[id];
      const mends = outcome === "failed" || outcome === "warning";
      this.#onResult({
        rule: id,
        statement,
        outcome,
        ...(seen === undefined ? {} : { seen: seen.length > longestSeen ? `${seen.slice(0, longestSeen)}…` : seen }),
        ...(mends ? { fix } : {}),
      });
    }
  }

  /** Tell every rule that was not told yet. */
  closeAll(why: string): void {
    for (const group of new Set(ruleIds.map((id) => id.slice(0, id.indexOf("/"))))) this.close(group, why);
  }

  #take(rule: RuleId, outcome: RuleOutcome, seen: string | undefined): void {
    const before = this.#found.get(rule);
    if (before !== undefined && weight[before.outcome] >= weight[outcome]) return;
    this.#found.set(rule, { outcome, seen });
  }
}
