import { readFileSync } from "node:fs";
import type { Log } from "@dockersnap/core";
import type { ProcessIdentity } from "../process/identity.ts";

/**
 * Which processes the kernel kills first when the memory of an instance is used up: containers, which Docker gives the
 * score 0. dockerd has the score that Docker's own packages give it, and hands it on to containerd and the shims.
 */
export const engineScore = -500;

/** For the few small processes that the whole sandbox ends with. */
export const sandboxScore = -999;

/**
 * A line of a shell script that gives the shell and what it becomes a score. Where the score may not be lowered (the daemon
 * runs in a container without CAP_SYS_RESOURCE) it stays as it is.
 */
export function takeScore(score: number): string {
  return `{ echo ${score} >/proc/self/oom_score_adj; } 2>/dev/null || :`;
}

/** Logs, once, that engines are not spared. */
export function createScoreCheck(log: Log): (instance: string, dockerd: ProcessIdentity) => void {
  let isTold = false;
  return (instance, { pid }) => {
    const score = scoreOf(pid);
    if (isTold || score === undefined || score <= engineScore) return;
    isTold = true;
    log.warn(
      "this daemon may not lower the out-of-memory score of engines (it lacks CAP_SYS_RESOURCE), so an instance that reaches its memory limit may lose its dockerd before a container",
      { instance },
    );
  };
}

/** Undefined when the process is gone. */
function scoreOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8"));
  } catch {
    return undefined;
  }
}
