import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { DockersnapError } from "@dockersnap/contract/words";
import type { StepObserver } from "@dockersnap/core";
import { serve } from "@dockersnap/daemon";
import { FaultFiles } from "./fault.ts";

/**
 * The daemon as it is, `serve --config <file>`, with the faults in the folder beside its configuration happening to its
 * operations. It runs from the sources.
 */
const { values } = parseArgs({ allowPositionals: true, options: { config: { type: "string" } } });
const configFile = values.config ?? "";
const files = new FaultFiles(dirname(configFile));

const observer: StepObserver = {
  at(moment, kind, step, instance) {
    const fault = files.take(instance, step, moment);
    if (fault === undefined) return;
    if (fault.act === "fail") throw new DockersnapError("internal", `The step ${step} of ${kind} was made to fail.`);
    if (fault.act === "kill") process.kill(process.pid, "SIGKILL");
    else files.markHeld(instance);
    return new Promise(() => undefined);
  },
};

process.exitCode = await serve({ configFile, observer });
