import { access } from "node:fs/promises";
import { DockersnapError } from "@dockersnap/contract/words";
import type { EngineSpec, ReportEngineProgress } from "@dockersnap/core";
import { hasErrno } from "../process/errno.ts";
import { daemonJson } from "./configuration.ts";
import { findDockerd, reviveDockerd, startDockerd } from "./dockerd.ts";
import { type Engine, type EngineEnvironment, findEngine, livingInit, possibleGroups, renamedTo } from "./engine.ts";
import { engineKey, writeEngineId } from "./engine-id.ts";
import { joinedOptions, wantsLiveRestore } from "./engine-options.ts";
import { killEngine } from "./kill.ts";
import { lastWords } from "./last-words.ts";
import { anyFileLeft, checkSocketPath, prepareFiles, writeRecord } from "./runtime-files.ts";
import { findInit, fixedInside, prepareSandbox } from "./sandbox.ts";

/**
 * Bring the engine up and resolve when its API answers. A start that fails or is cancelled is taken back whole, but a
 * sandbox that lives is only ended when its dockerd cannot be brought back: failing to look at it is not a reason.
 */
export async function startEngine(
  environment: EngineEnvironment,
  spec: EngineSpec,
  signal: AbortSignal,
  report?: ReportEngineProgress,
): Promise<void> {
  const { name } = spec;
  const { log } = environment;
  const found = findEngine(environment, name);
  checkSocketPath(name, found.files);

  const holder = renamedTo(environment, name, name);
  if (holder !== undefined) {
    throw new DockersnapError(
      "already_exists",
      `The engine of '${holder}' was started as '${name}' and holds what that name would need until it is started again. Choose another name, or restart '${holder}'.`,
    );
  }
  const init = livingInit(found);
  if (init !== undefined && (await comesBack(environment, found, init, signal, report))) return;
  try {
    const left = anyFileLeft(found.files) || possibleGroups(environment, name).some((group) => group.exists());
    if (left) await killEngine(environment, name);
    signal.throwIfAborted();
    await bringUp(environment, findEngine(environment, name), spec, signal, report);
  } catch (error) {
    const words = await lastWords(found.files.log);
    await killEngine(environment, name).catch((failure: unknown) => {
      log.error("an engine that did not come up could not be taken away", { instance: name, error: failure });
    });
    if (signal.aborted) {
      throw new DockersnapError("cancelled", `Starting the engine of '${name}' was cancelled and undone.`, {
        cause: error,
      });
    }
    if (error instanceof DockersnapError) throw error;
    throw new DockersnapError(
      "not_ready",
      `The engine of '${name}' could not be started: ${error instanceof Error ? error.message : String(error)}.${words === "" ? "" : ` It said: ${words}`}`,
      { cause: error },
    );
  }
}

/** The first version of Docker that keeps its ID in a file of the data-root. */
const firstWithIdFile = 23;

/** dockerd would make the folder, and an instance that lost its dataset would run on, empty. */
async function requireDataRoot({ name, dataRoot }: EngineSpec): Promise<void> {
  try {
    await access(dataRoot);
  } catch (error) {
    if (!hasErrno(error, "ENOENT")) throw error;
    throw new DockersnapError(
      "wrong_state",
      `The dataset of '${name}' is not in the pool, so its engine is not started. Bring the pool's data back, or delete the instance.`,
      { cause: error },
    );
  }
}

/**
 * Whether dockerd answers in its living sandbox again. False when it was started there and ended or never answered; any
 * other failure is one of looking, and rejects.
 */
async function comesBack(
  environment: EngineEnvironment,
  engine: Engine,
  init: NonNullable<ReturnType<typeof livingInit>>,
  signal: AbortSignal,
  report: ReportEngineProgress | undefined,
): Promise<boolean> {
  try {
    await reviveDockerd(environment, engine, init, signal, report);
    return true;
  } catch (error) {
    if (signal.aborted) {
      throw new DockersnapError(
        "cancelled",
        `Starting the engine of '${engine.name}' was cancelled. Its containers go on running.`,
        { cause: error },
      );
    }
    if (!(error instanceof DockersnapError && error.code === "not_ready")) {
      throw new DockersnapError(
        "internal",
        `The running engine of '${engine.name}' could not be looked at: ${error instanceof Error ? error.message : String(error)}. It was left as it is; try again.`,
        { cause: error },
      );
    }
    environment.log.warn("dockerd did not come back in its sandbox; the engine is started anew", {
      instance: engine.name,
      error,
    });
    return false;
  }
}

async function bringUp(
  environment: EngineEnvironment,
  engine: Engine,
  spec: EngineSpec,
  signal: AbortSignal,
  report: ReportEngineProgress | undefined,
): Promise<void> {
  const { name, files, group, supervision } = engine;
  await requireDataRoot(spec);
  const version = await environment.dockerVersion();
  const options = joinedOptions(environment.settings.options, spec.options);
  const configuration = daemonJson(files, {
    ...environment.settings,
    options,
    dataRoot: fixedInside.dataRoot,
    cgroupParent: group.containersPath,
    hostAddress: spec.hostAddress,
    subnet: spec.subnet,
    usesKeyFile: version < firstWithIdFile,
  });
  prepareFiles(files, { configuration, key: engineKey(spec.id), chosenPorts: spec.chosenPorts });
  if (version >= firstWithIdFile) await writeEngineId(spec.dataRoot, spec.id);
  const command = prepareSandbox(spec, files);
  group.create();
  await supervision.launch({ name, group, command, limits: spec.limits, log: files.log }, signal);
  const init = findInit(group);
  if (init === undefined) {
    throw new DockersnapError("not_ready", `The sandbox of '${name}' ended as soon as it was ready. Try again.`);
  }
  // Before dockerd: from its first instruction on the next daemon is to find it.
  writeRecord(files, {
    ...init,
    supervision: supervision.kind,
    launchedAs: name,
    liveRestore: wantsLiveRestore(options),
  });
  await startDockerd(environment, findEngine(environment, name), init, signal, report);
  const dockerd = findDockerd(engine);
  if (dockerd !== undefined) environment.checkScore(name, dockerd);
}
