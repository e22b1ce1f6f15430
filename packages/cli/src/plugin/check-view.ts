import type { CheckReport, RuleOutcome, RuleResult } from "@dockersnap/contract/words";
import type { Io } from "../io.ts";
import type { Output } from "../output/output.ts";
import { oneLine } from "../output/printable.ts";
import type { CheckWatcher } from "./check.ts";

const marks = { ok: "✓", failed: "✗", warning: "!", skipped: "-" } as const satisfies Record<RuleOutcome, string>;

/** Shows a check to a person while it runs, and as one result to a program. */
export class CheckView implements CheckWatcher {
  readonly #out: Output;
  readonly #io: Io;
  #group: string | undefined;

  constructor(out: Output, io: Io) {
    this.#out = out;
    this.#io = io;
  }

  begin(plugin: string, path: string): void {
    this.#write(`${this.#out.colors.bold(oneLine(plugin))}  ${oneLine(path)}\n`);
  }

  result(result: RuleResult): void {
    const { outcome, rule } = result;
    if (this.#out.style.quiet && (outcome === "ok" || outcome === "skipped")) return;
    const group = rule.slice(0, rule.indexOf("/"));
    const heading = group === this.#group ? "" : `\n${this.#out.colors.bold(group)}\n`;
    this.#group = group;
    this.#write(`${heading}${this.#shown(result)}`);
  }

  async end(report: CheckReport): Promise<void> {
    if (this.#out.style.format === "text") this.#write(`\n${this.#summary(report.results)}\n`);
    else {
      const failed = report.results.filter(({ outcome }) => outcome === "failed").map(({ rule }) => rule);
      await this.#out.result(report, { text: () => "", names: () => failed });
    }
  }

  #shown({ outcome, statement, rule, seen, fix }: RuleResult): string {
    const { dim } = this.#out.colors;
    const line = `  ${this.#paint(outcome)(marks[outcome])} ${oneLine(statement)} ${dim(oneLine(`(${rule})`))}\n`;
    if (outcome === "ok") return line;
    if (outcome === "skipped") return `${line}${dim(`      not looked at: ${oneLine(seen ?? "")}`)}\n`;
    return [
      line,
      `      seen: ${oneLine(seen ?? "")}\n`,
      ...(fix === undefined ? [] : [`      fix:  ${oneLine(fix)}\n`]),
    ].join("");
  }

  #paint(outcome: RuleOutcome): (text: string) => string {
    const { green, red, yellow, dim } = this.#out.colors;
    return { ok: green, failed: red, warning: yellow, skipped: dim }[outcome];
  }

  #summary(results: readonly RuleResult[]): string {
    const count = (wanted: RuleOutcome) => results.filter(({ outcome }) => outcome === wanted).length;
    const [ok, failed, warnings, skipped] = [count("ok"), count("failed"), count("warning"), count("skipped")];
    return [
      `${ok} ${ok === 1 ? "rule holds" : "rules hold"}`,
      failed === 0 ? "none is broken" : `${failed} ${failed === 1 ? "is" : "are"} broken`,
      ...(warnings === 0 ? [] : [`${warnings} ${warnings === 1 ? "warning" : "warnings"}`]),
      ...(skipped === 0 ? [] : [`${skipped} not looked at`]),
    ].join(", ");
  }

  #write(text: string): void {
    if (this.#out.style.format === "text") this.#io.stdout.write(text);
  }
}
