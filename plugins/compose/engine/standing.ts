import type { ServiceContainer } from "./container.ts";

/**
 * How a container stands to what its service is there for. `up` and `finished` are well; `starting` and `restarting` may
 * still become so; `down` does not by itself.
 */
export interface Standing {
  readonly kind: "up" | "finished" | "starting" | "restarting" | "down";
  /** What a person should know of it. */
  readonly message: string;
  /** For one that runs and has not done so for long enough: in how many milliseconds it will have. */
  readonly steadyInMs?: number;
}

/** The engine takes a container for well that has run so long, and waits no longer before it starts that again. */
const steadyMs = 10_000;

const longestProbe = 200;

/** `settleMs`: so long one without a health check has to run before it counts as up. */
export function standingOf(container: ServiceContainer, settleMs = 0): Standing {
  const { state, exitCode, role, health, error } = container;
  switch (state) {
    case "running":
      return steadyOf(container, settleMs) ?? healthOf(container, health);
    case "paused":
      return { kind: "down", message: "paused" };
    case "restarting":
      return { kind: "restarting", message: `restarting again and again: it ended with exit code ${exitCode}` };
    case "created":
      return { kind: "down", message: error === "" ? "was never started" : `could not be started: ${error}` };
    case "exited":
      if (exitCode === 0 && role !== "server") return { kind: "finished", message: "finished" };
      return { kind: "down", message: `ended with exit code ${exitCode}${error && `, ${error}`}` };
    default:
      return { kind: "down", message: `is ${state}` };
  }
}

/** One that runs now may have ended a moment ago, and may do so again. */
function steadyOf({ restartCount, startedAt, health, role }: ServiceContainer, settleMs: number): Standing | undefined {
  const runsMs = Date.now() - startedAt;
  if (restartCount > 0 && runsMs < steadyMs) {
    const times = restartCount === 1 ? "once" : `${restartCount} times`;
    const message = `ended and was started again, ${times} so far`;
    return { kind: "restarting", message, steadyInMs: steadyMs - runsMs };
  }
  if (health !== undefined || role === "job" || runsMs >= settleMs) return undefined;
  return { kind: "starting", message: "has only just been started", steadyInMs: settleMs - runsMs };
}

function healthOf({ lastProbe }: ServiceContainer, health: ServiceContainer["health"]): Standing {
  switch (health) {
    case undefined:
      return { kind: "up", message: "running" };
    case "healthy":
      return { kind: "up", message: "healthy" };
    case "starting":
      return { kind: "starting", message: "its health check has not passed yet" };
    case "unhealthy": {
      const said = lastProbe.replaceAll(/\s+/g, " ").slice(-longestProbe);
      return { kind: "down", message: `its health check fails${said === "" ? "" : `: ${said}`}` };
    }
  }
}

/** What a scaled service's second container is called beside its first. */
export const shownName = ({ service, number }: Pick<ServiceContainer, "service" | "number">): string =>
  number > 1 ? `${service}#${number}` : service;
