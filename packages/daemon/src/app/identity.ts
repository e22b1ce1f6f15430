import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { networkClaimants } from "@dockersnap/host";
import * as z from "zod";
import type { Config } from "../config/config.ts";
import { realPath } from "../config/real-path.ts";

type Places = Pick<Config, "state_dir" | "run_dir">;

/**
 * By what a daemon knows itself again on its host. It lies with the records: a daemon is its state, whatever its run folder
 * is called and wherever its state is moved.
 */
export interface Identity {
  /** Its nftables table, which also marks the namespaces and rules that are its own. */
  readonly table: string;
  /** The run folder it used last, where that is another one than it has now. */
  readonly formerRunDir: string | undefined;
}

const Stored = z.object({
  table: z.string().regex(/^dockersnap(_[0-9a-f]{8})?$/),
  /** Where this was written, by which a copy of the state is told from the state. */
  state_dir: z.string().startsWith("/"),
  run_dir: z.string().startsWith("/"),
});

const defaultTable = "dockersnap";
const defaultStateDir = "/var/lib/dockersnap";
const defaultRunDir = "/run/dockersnap";

/** Who the daemon of this configuration is. Writes nothing. */
export function identityOf({ state_dir, run_dir }: Places): Identity {
  const stored = read(state_dir);
  if (stored === undefined) return { table: unwrittenTable({ state_dir, run_dir }), formerRunDir: undefined };
  const isCopy = stored.state_dir !== state_dir && read(stored.state_dir)?.table === stored.table;
  if (isCopy) return { table: tableOfState(state_dir), formerRunDir: undefined };
  return { table: stored.table, formerRunDir: stored.run_dir === run_dir ? undefined : stored.run_dir };
}

/** To be done when nothing is left in a former run folder. Writes nothing where that is written already. */
export function keepIdentity({ state_dir, run_dir }: Places, { table }: Identity): void {
  const file = fileIn(state_dir);
  const stored: z.infer<typeof Stored> = { table, state_dir, run_dir };
  const present = read(state_dir);
  if (present?.table === table && present.state_dir === state_dir && present.run_dir === run_dir) return;
  writeFileSync(`${file}.new`, `${JSON.stringify(stored, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

/**
 * Daemons that wrote no identity down called their table after the run folder, as it was spelled. Of the names it can have
 * been, the one that marks namespaces on this host is it.
 */
function unwrittenTable({ state_dir, run_dir }: Places): string {
  if (!existsSync(join(state_dir, "records.db"))) return tableOfState(state_dir);
  const byRunDir = run_dir === defaultRunDir ? defaultTable : hashed(run_dir);
  const claimants = networkClaimants();
  return [byRunDir, hashed(`${run_dir}/`), tableOfState(state_dir)].find((name) => claimants.has(name)) ?? byRunDir;
}

/** Two daemons on one host, each with a state of its own, must not rewrite each other's forwards. */
function tableOfState(stateDir: string): string {
  return stateDir === realPath(defaultStateDir) ? defaultTable : hashed(stateDir);
}

function hashed(path: string): string {
  return `${defaultTable}_${createHash("sha256").update(path).digest("hex").slice(0, 8)}`;
}

/** Undefined where there is none, or nothing that makes sense. */
function read(stateDir: string): z.infer<typeof Stored> | undefined {
  try {
    return Stored.parse(JSON.parse(readFileSync(fileIn(stateDir), "utf8")));
  } catch {
    return undefined;
  }
}

function fileIn(stateDir: string): string {
  return join(stateDir, "identity.json");
}
