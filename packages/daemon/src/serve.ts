import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { DockersnapError } from "@dockersnap/contract/words";
import type { Clock, Log, Records, StepObserver } from "@dockersnap/core";
import { openRecords, raiseWatchLimits } from "@dockersnap/host";
import { createAdapters, createEngines } from "./app/adapters.ts";
import { createApp } from "./app/app.ts";
import { identityOf, keepIdentity } from "./app/identity.ts";
import { pidFileIn, takeUpRunDir } from "./app/run-dir.ts";
import { type Config, loadConfig } from "./config/config.ts";
import { dashboardDir } from "./dashboard-dir.ts";
import { createHttpServer } from "./http/server.ts";
import { createLog } from "./log.ts";
import { version } from "./version.ts";

/** What runs when a stop is asked for has this long to end; the next daemon ends what is left. */
const stopGraceMs = 10_000;

export interface ServeOptions {
  readonly configFile: string | undefined;
  /** Only the fault suite has one. */
  readonly observer?: StepObserver;
  /** The machine's own where a test has no other. */
  readonly clock?: Clock;
}

/** Run the daemon until it is told to stop. Resolves with the exit code; engines go on running. */
export async function serve({ configFile, observer, clock }: ServeOptions): Promise<number> {
  const { config, warnings } = loadConfig({ file: configFile, environment: process.env });
  if (process.getuid?.() !== 0) {
    throw new DockersnapError(
      "forbidden",
      "The daemon needs root, for it makes namespaces, mounts and devices: run it as 'sudo dockersnap serve'.",
    );
  }
  keepYoungGenerationSmall();
  const log = createLog({ level: config.log_level });
  for (const warning of warnings) log.warn(warning);
  mkdirSync(config.state_dir, { recursive: true, mode: 0o711 });
  mkdirSync(config.run_dir, { recursive: true, mode: 0o755 });

  // Whatever it waits for, a daemon ends when it is told to or by an error: nothing else that is open may have to keep it.
  using _alive = keepAlive();
  for (const { key, value, wanted } of raiseWatchLimits()) {
    log.warn("a kernel limit is low and could not be raised; containers may fail to watch files", {
      key,
      value,
      wanted,
    });
  }

  const stopAsked = signalled(["SIGTERM", "SIGINT"]);
  const records = openRecords({ path: join(config.state_dir, "records.db") });
  const pidFile = pidFileIn(config.run_dir);
  try {
    await settleIdentity(config, records, log);
    const adapters = createAdapters(config, log);
    const app = createApp({
      ...{ config, adapters, records, log },
      ...(observer === undefined ? {} : { observer }),
      ...(clock === undefined ? {} : { clock }),
    });
    const server = createHttpServer({ service: app.service, config, log, dashboardDir, version });
    log.info("starting", { version, state_dir: config.state_dir, run_dir: config.run_dir });
    await app.start();
    const { address } = await server.listen();
    writeFileSync(pidFile, `${process.pid}\n`);
    log.info("listening", { address });

    const signal = await stopAsked;
    log.info("stopping; engines and their containers go on running", { signal });
    await Promise.all([server.close(stopGraceMs), app.close(AbortSignal.timeout(stopGraceMs))]);
    return 0;
  } finally {
    rmSync(pidFile, { force: true });
    records.close();
  }
}

/** To be done while the records are open: as long as they are, no other daemon is the same one. */
async function settleIdentity(config: Config, records: Records, log: Log): Promise<void> {
  const identity = identityOf(config);
  const { formerRunDir: from } = identity;
  if (from !== undefined) {
    await takeUpRunDir({ from, to: config.run_dir, records, engines: createEngines(config, from, log), log });
  }
  try {
    keepIdentity(config, identity);
  } catch (error) {
    // The next daemon finds what this one found, and a full disk keeps nobody from deleting instances.
    log.warn("who this daemon is could not be written down; it is tried again at the next start", { error });
  }
}

/**
 * V8 lets the space for short-lived objects grow with every burst and a daemon that then idles never gives it back: 20 MB for
 * nothing, since what a request leaves behind is collected in well under a millisecond.
 */
function keepYoungGenerationSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

const dayMs = 86_400_000;

function keepAlive(): Disposable {
  const timer = setInterval(() => undefined, dayMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** The first of these signals; a second one ends the process at once, as it would without us. */
function signalled(signals: readonly NodeJS.Signals[]): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const onSignal = (signal: NodeJS.Signals) => {
      for (const each of signals) process.removeListener(each, onSignal);
      resolve(signal);
    };
    for (const each of signals) process.once(each, onSignal);
  });
}
