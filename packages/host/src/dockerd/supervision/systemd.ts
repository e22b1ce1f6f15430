import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DockersnapError, instanceNamePattern, type Limits } from "@dockersnap/contract/words";
import { CommandError } from "../../process/commandError.ts";
import { run } from "../../process/run.ts";
import { baseEnvironment } from "../configuration.ts";
import { type Command, inCgroup } from "../sandbox.ts";
import type { Launch, Supervision } from "./supervision.ts";

/** All engines' units are in it, so that an operator can bound or watch them together. */
const slice = "dockersnap.slice";

/** Where systemd keeps what `systemctl set-property --runtime` is told. */
const changedProperties = "/run/systemd/system.control";

/** `systemctl stop` exits with it for a unit that is not loaded. */
const notLoaded = 5;

/**
 * Sandboxes as transient units `<prefix><name>.service`. systemd owns the upper part of each hierarchy, so the engine's
 * control group is the unit's own, handed over by `Delegate=`, and bounds are the unit's properties.
 */
export function createSystemdSupervision(prefix: string): Supervision {
  const unit = (name: string) => `${prefix}${name}.service`;
  return {
    kind: "systemd",
    cgroupParent: `/${slice}`,
    groupName: unit,
    instanceOf(groupName) {
      if (!groupName.startsWith(prefix) || !groupName.endsWith(".service")) return undefined;
      const name = groupName.slice(prefix.length, -".service".length);
      return instanceNamePattern.test(name) ? name : undefined;
    },

    async launch(launch, signal) {
      try {
        await run("systemd-run", unitArguments(unit(launch.name), launch), { signal });
      } catch (error) {
        signal.throwIfAborted();
        throw new DockersnapError(
          "not_ready",
          `The sandbox of '${launch.name}' could not be set up as ${unit(launch.name)}. 'journalctl -u ${unit(launch.name)}' has more.`,
          { cause: error },
        );
      }
      const { group } = launch;
      // On a hybrid machine systemd takes away, with the unit's start, groups in hierarchies it has no use for itself.
      group.create();
      for (const pid of group.enginePids()) await group.admit(pid);
      // Only now: systemd puts the process into the unit's own group first, which takes none once it hands controllers on.
      await group.delegate("own group");
      // What systemd has no property for: swap, where the machine's controllers are legacy ones.
      if (launch.limits !== undefined) await group.limit(launch.limits);
    },

    async limit(name, group, limits) {
      const properties = Object.entries({ ...lifted, ...limitProperties(limits) }).map(
        ([key, value]) => `${key}=${value}`,
      );
      // systemd writes a unit's bounds anew when it pleases, so it has to know them.
      await run("systemctl", ["set-property", "--runtime", unit(name), ...properties]);
      await group.limit(limits);
    },

    async forget(name) {
      try {
        // Blocks until systemd has seen the end of the unit, so that its name is free when this returns.
        await run("systemctl", ["stop", unit(name)]);
      } catch (error) {
        if (!(error instanceof CommandError && error.exitCode === notLoaded)) throw error;
      }
      // Bounds that were changed outlive their unit here, and would win over those of the next one of its name.
      await rm(join(changedProperties, `${unit(name)}.d`), { recursive: true, force: true });
    },
  };
}

/** What systemd-run is given to start the sandbox as this unit; it returns when the sandbox says that it is ready. */
export function unitArguments(unit: string, { name, group, command, limits, log }: Launch): readonly string[] {
  const properties = {
    // The sandbox's init tells by itself when its namespaces are ready, and it is not the unit's main process.
    NotifyAccess: "all",
    Delegate: "yes",
    KillMode: "control-group",
    // Ending the sandbox's init ends everything in it at once, so a gentler signal would be no gentler.
    KillSignal: "SIGKILL",
    SuccessExitStatus: "SIGKILL",
    // One container out of memory is no reason to end its neighbours.
    OOMPolicy: "continue",
    LimitNOFILE: "infinity",
    StandardOutput: `append:${log}`,
    StandardError: `append:${log}`,
    ...limitProperties(limits),
  };
  const entered: Command = inCgroup(group.trackingEntrances, command([]));
  return [
    "--quiet",
    // Forgotten as soon as it has ended, failed or not.
    "--collect",
    `--unit=${unit}`,
    `--slice=${slice}`,
    `--description=Docker engine of dockersnap instance ${name}`,
    "--service-type=notify",
    ...Object.entries(properties).map(([key, value]) => `--property=${key}=${value}`),
    ...Object.entries(baseEnvironment()).map(([key, value]) => `--setenv=${key}=${value}`),
    "--",
    ...entered,
  ];
}

/** What takes every bound away. */
const lifted = { MemoryMax: "infinity", MemorySwapMax: "infinity", CPUQuota: "" };

function limitProperties(limits: Limits | undefined): Readonly<Record<string, string>> {
  return {
    ...(limits?.memory === undefined ? {} : { MemoryMax: String(limits.memory), MemorySwapMax: "0" }),
    // systemd counts in hundredths of one processor.
    ...(limits?.cpus === undefined ? {} : { CPUQuota: `${Math.max(1, Math.round(limits.cpus * 100))}%` }),
    // Without one systemd would apply its own default, far below what containers may need.
    TasksMax: limits?.pids === undefined ? "infinity" : String(limits.pids),
  };
}
