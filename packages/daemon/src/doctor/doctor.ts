import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { printable } from "@dockersnap/contract";
import { findStrays, type InstanceRecord, removeStray, type Stray } from "@dockersnap/core";
import { viewRecords } from "@dockersnap/host";
import { type Adapters, createAdapters } from "../app/adapters.ts";
import { identityOf } from "../app/identity.ts";
import { pidFileIn } from "../app/run-dir.ts";
import { type Config, loadConfig } from "../config/config.ts";
import { createLog } from "../log.ts";
import { checkMachine, type Finding } from "./checks.ts";
import { checkClock } from "./clock.ts";
import { checkInstances } from "./instances.ts";
import { checkNetwork } from "./network.ts";
import { checkPool } from "./pool.ts";
import { checkRecordsDisk } from "./records.ts";
import { checkSetAside } from "./set-aside.ts";

export interface DoctorOptions {
  readonly configFile: string | undefined;
  /** Remove what belongs to no instance. Datasets and snapshots are data and stay. */
  readonly fix: boolean;
}

/** Look at the machine and at what bears our names on it. Resolves with 0 when nothing is wrong, else 1. */
export async function doctor({ configFile, fix }: DoctorOptions): Promise<number> {
  const { config: wanted } = loadConfig({ file: configFile, environment: process.env });
  const { formerRunDir } = identityOf(wanted);
  // Until the daemon starts with the new one, everything is in the run folder of before.
  const config = formerRunDir === undefined ? wanted : { ...wanted, run_dir: formerRunDir };
  const machine = [...checkMachine(config), checkDaemon(config), ...checkRunDir(wanted.run_dir, formerRunDir)];
  for (const finding of machine) print(finding);
  if (machine.some(({ subject, advice }) => subject === "root" && advice !== undefined)) return 1;

  const adapters = createAdapters(config, createLog({ level: "error" }));
  const pool = await checkPool(config, adapters);
  const network = await checkNetwork(config, adapters, daemonPid(config) !== undefined);
  const aside = await checkSetAside(adapters);
  for (const finding of [...pool, ...aside, ...network]) print(finding);
  const left = await checkRecorded(config, adapters, fix);
  const wrong = [...machine, ...pool, ...aside, ...network].filter(({ advice }) => advice !== undefined).length + left;
  process.stdout.write(
    wrong === 0 ? "\nNothing is wrong.\n" : `\n${wrong} ${wrong === 1 ? "thing needs" : "things need"} attention.\n`,
  );
  return wrong === 0 ? 0 : 1;
}

function print({ subject, seen, advice, hint }: Finding): void {
  const line = (text: string) => process.stdout.write(`${printable(text.replace(/\s*[\r\n]\s*/g, " "))}\n`);
  const mark = advice !== undefined ? "!!" : hint !== undefined ? "??" : "ok";
  line(`${mark}   ${subject.padEnd(24)} ${seen}`);
  for (const more of [advice, hint]) if (more !== undefined) line(`     ${more}`);
}

function checkDaemon(config: Config): Finding {
  const subject = "daemon";
  const pid = daemonPid(config);
  return pid === undefined
    ? { subject, seen: "not running; 'dockersnap serve' starts it" }
    : { subject, seen: `running, process ${pid}` };
}

function checkRunDir(wanted: string, former: string | undefined): readonly Finding[] {
  if (former === undefined) return [];
  const seen = `${former}; the configuration has ${wanted}`;
  return [{ subject: "run folder", seen, hint: "The next start of the daemon moves running engines there." }];
}

function daemonPid(config: Config): number | undefined {
  try {
    const pid = Number(readFileSync(pidFileIn(config.run_dir), "utf8"));
    return Number.isSafeInteger(pid) && existsSync(`/proc/${pid}`) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** The number of strays that are left, and of instances that somebody must look at. */
async function checkRecorded(config: Config, adapters: Adapters, fix: boolean): Promise<number> {
  const records = viewRecords({ path: join(config.state_dir, "records.db") });
  if (records === undefined) {
    print({ subject: "records", seen: "none yet; the first start makes them" });
    return 0;
  }
  try {
    const own = records.instances.all().filter(({ purpose }) => purpose !== undefined);
    const findings = [
      checkClock(records.time.get()),
      checkRecordsDisk(records),
      ...own.map(ownInstance),
      ...(await checkInstances(adapters, records)),
    ];
    for (const finding of findings) print(finding);
    const strays = await findStrays({ ...adapters, records });
    for (const stray of strays) {
      const isData = stray.kind === "dataset" || stray.kind === "snapshot";
      if (fix && !isData) await removeStray({ ...adapters, records }, stray);
      print({ subject: `stray ${stray.kind}`, seen: nameOf(stray), advice: adviceFor(fix, isData) });
    }
    const isWhole = (await adapters.storage.capacity()).absent === undefined;
    if (strays.length === 0)
      print({ subject: "strays", seen: isWhole ? "none" : "none, as far as can be seen without the pool" });
    const left = strays.filter(({ kind }) => !fix || kind === "dataset" || kind === "snapshot");
    return left.length + findings.filter(({ advice }) => advice !== undefined).length;
  } finally {
    records.close();
  }
}

/** No list shows them, so nobody would see one that could not be taken away. */
function ownInstance({ name, purpose, cloneOf, problem }: InstanceRecord): Finding {
  const of = cloneOf === undefined ? "" : ` of ${cloneOf.instance}@${cloneOf.label}`;
  const seen = `${name}, made by dockersnap for ${purpose}${of}`;
  if (problem === undefined) return { subject: "own instance", seen };
  return { subject: "own instance", seen, advice: `${problem} 'dockersnap delete ${name}' removes it.` };
}

function adviceFor(fix: boolean, isData: boolean): string {
  if (isData) return "It holds data, so doctor never removes it. Remove it by hand if you are sure.";
  return fix ? "Removed." : "It belongs to no instance; 'dockersnap doctor --fix' removes it.";
}

function nameOf({ instance, label }: Stray): string {
  return label === undefined ? instance : `${instance}@${label}`;
}
