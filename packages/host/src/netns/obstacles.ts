import { run } from "../process/run.ts";
import { fields, list } from "./json.ts";

/** A chain of somebody else's that ends in a drop for what this host forwards. */
export interface DroppingChain {
  readonly table: string;
  readonly chain: string;
}

/**
 * Chains that may drop what goes to and from instances and that no accept of ours can be put into: a drop in any table is
 * final, and firewalld, say, writes its own anew whenever it likes. Those of iptables are not among them.
 */
export async function droppingChains(): Promise<readonly DroppingChain[]> {
  const { stdout } = await run("nft", ["-j", "list", "ruleset"], { maxOutput: 64 * 1024 * 1024 });
  return droppingChainsIn(JSON.parse(stdout));
}

/** The same, in what `nft -j list ruleset` prints. */
export function droppingChainsIn(ruleset: unknown): readonly DroppingChain[] {
  const entries = list(fields(ruleset).nftables).map(fields);
  const rules = entries.map(({ rule }) => fields(rule));
  return entries
    .map(({ chain }) => fields(chain))
    .filter(({ hook, family }) => hook === "forward" && (family === "ip" || family === "inet"))
    .filter(
      ({ family, table, name }) => !isOurs(table) && !(family === "ip" && table === "filter" && name === "FORWARD"),
    )
    .filter(
      ({ family, table, name, policy }) =>
        policy === "drop" ||
        rules.some(
          (rule) =>
            rule.family === family && rule.table === table && rule.chain === name && dropsEverything(list(rule.expr)),
        ),
    )
    .map(({ family, table, name }) => ({ table: `${family} ${table}`, chain: String(name) }));
}

function isOurs(table: unknown): boolean {
  return typeof table === "string" && /^dockersnap(_[0-9a-f]{8})?$/.test(table);
}

/** A drop or reject that nothing stands before but counting and logging. */
function dropsEverything(expressions: readonly unknown[]): boolean {
  const words = expressions.flatMap((expression) => Object.keys(fields(expression)));
  const verdict = words.find((word) => word !== "counter" && word !== "log");
  return verdict === "drop" || verdict === "reject";
}
