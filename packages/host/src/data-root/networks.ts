import type { StoredNetwork } from "@dockersnap/core";
import * as z from "zod";
import { readBolt } from "./bolt-file.ts";
import type { Findings } from "./findings.ts";
import type { Folder } from "./folder.ts";
import { flag, pairs, word } from "./shapes.ts";

const keyPattern = /^docker\/network\/v1\.0\/network\/[0-9a-z]+\/$/;

/** Of a value as libnetwork stores it, before its JSON: the store's own counter. */
const counterBytes = 8;

const Network = z.object({
  id: z.string(),
  name: z.string(),
  networkType: word,
  internal: flag,
  labels: pairs,
  generic: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  /** JSON in JSON, and in that again. */
  ipamV4Info: word,
  ipamV6Info: word,
});

const Pools = z.array(z.object({ IPAMData: z.string() })).catch([]);
const Pool = z.object({ Pool: word }).catch({ Pool: "" });

/** Of `network`. */
export async function readNetworks(files: Folder, findings: Findings): Promise<StoredNetwork[]> {
  const entries = await findings.attempt("The list of networks", () => readBolt(files, "local-kv.db", "libnetwork"));
  return findings.each("network", [...(entries?.keys() ?? [])], keyPattern, async (key) =>
    parseNetwork(entries?.get(key) ?? Buffer.alloc(0)),
  );
}

function parseNetwork(value: Buffer): StoredNetwork {
  const parsed = Network.safeParse(JSON.parse(value.toString("utf8", value[0] === 0x7b ? 0 : counterBytes)));
  if (!parsed.success) throw new Error("it has a form dockersnap does not know");
  const { id, name, networkType, internal, labels, generic, ipamV4Info, ipamV6Info } = parsed.data;
  return {
    id,
    name,
    driver: networkType,
    internal,
    labels: labels ?? {},
    options: pairs.parse(generic?.["com.docker.network.generic"]) ?? {},
    subnets: [...subnetsOf(ipamV4Info), ...subnetsOf(ipamV6Info)],
  };
}

function subnetsOf(info: string): string[] {
  if (info === "") return [];
  return Pools.parse(JSON.parse(info))
    .map(({ IPAMData }) => Pool.parse(JSON.parse(IPAMData)).Pool)
    .filter((subnet) => subnet !== "");
}
