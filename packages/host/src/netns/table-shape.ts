import { runTool } from "../process/tool.ts";
import { type Fields, fields, list } from "./json.ts";

/** Makes a table in a network namespace that nobody else has and lists it. Fixed, like every script. */
const makeAndList = 'nft -f - && exec nft -j list table ip "$1"';

/** What nft adds to each entry by itself, and what counts up while packets pass. */
const changing = new Set(["handle", "elem", "packets", "bytes"]);

/**
 * The rules, chains and sets of a table without their elements, in what `nft -j list table` prints, as a text that is the
 * same exactly where they are the same.
 */
export function shapeOf(entries: readonly unknown[]): string {
  const told = entries
    .map(fields)
    .filter((entry) => entry.metainfo === undefined)
    .map((entry) => [place(entry), JSON.stringify(entry, (key, value) => (changing.has(key) ? undefined : value))]);
  // Chains are listed in the order in which they were first made; within one chain the order of the rules counts.
  return told
    .sort(([a = ""], [b = ""]) => a.localeCompare(b))
    .map(([, text]) => text)
    .join("\n");
}

/** The shape a table has right after these rules made it, as this machine's nft prints it. */
export async function shapeOfRules(table: string, rules: string): Promise<string> {
  const { stdout } = await runTool("unshare", ["--net", "--", "sh", "-c", makeAndList, "sh", table], {
    input: rules,
  });
  return shapeOf(list(fields(JSON.parse(stdout)).nftables));
}

function place(entry: Fields): string {
  const [[kind = "", value = {}] = []] = Object.entries(entry);
  const { chain, name } = fields(value);
  return `${kind} ${String(chain ?? name ?? "")}`;
}
