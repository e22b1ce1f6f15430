import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { DockersnapError, instanceNamePattern } from "@dockersnap/contract/words";
import { baseEnvironment } from "../configuration.ts";
import { sparedScore } from "../sandbox.ts";
import type { Supervision } from "./supervision.ts";

/** Sandboxes in sessions of their own, with control groups at the top of each hierarchy. */
export function createDirectSupervision(prefix: string): Supervision {
  return {
    kind: "direct",
    cgroupParent: "/",
    groupName: (instance) => `${prefix}${instance}`,
    instanceOf(groupName) {
      const name = groupName.startsWith(prefix) ? groupName.slice(prefix.length) : "";
      return instanceNamePattern.test(name) ? name : undefined;
    },

    async launch({ name, group, command, limits, log }, signal) {
      signal.throwIfAborted();
      await group.delegate("from the root");
      if (limits !== undefined) await group.limit(limits);
      const [program, ...args] = command(group.entrances);
      const output = openSync(log, "a", 0o600);
      // A session of its own: no signal meant for the daemon's process group reaches it.
      const child = spawn(program, args, {
        cwd: "/",
        env: baseEnvironment(),
        detached: true,
        stdio: ["ignore", "pipe", output],
      });
      closeSync(output);
      child.unref();
      spare(child.pid);
      const { stdout } = child;
      if (stdout === null) throw new Error("The sandbox was started without its output.");
      const settled = new AbortController();
      const waiting = { signal: AbortSignal.any([signal, settled.signal]) };
      const exited = once(child, "exit", waiting).then(([code, killedBy]) => {
        throw new DockersnapError(
          "not_ready",
          `The sandbox of '${name}' could not be set up: it ended with ${code === null ? killedBy : `code ${code}`}.`,
        );
      });
      const ready = once(stdout, "data", waiting);
      try {
        // Moved from outside while it sets up; all that it has to leave behind is its child, which moves by itself.
        await Promise.race([Promise.all([ready, group.admit(child.pid)]), exited]);
      } finally {
        // Whoever lost the race has nobody left to report to.
        for (const late of [ready, exited]) late.catch(() => {});
        settled.abort();
        stdout.destroy();
      }
    },

    limit: (_name, group, limits) => group.limit(limits),

    // The kernel's processes are all there is of it.
    async forget() {},
  };
}

/** The sandbox ends with this process. It may have ended already, or its score may not be lowered here. */
function spare(pid: number | undefined): void {
  try {
    if (pid !== undefined) writeFileSync(`/proc/${pid}/oom_score_adj`, sparedScore);
  } catch {
    // Then it has the score of every other process.
  }
}
