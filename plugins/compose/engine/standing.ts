import type { ServiceContainer } from "./container.ts";

/**
 * How a container stands to what its service is there for. `up` and `finished` are well; `starting` and `restarting` may
 * still become so; `down` does not by itself.
 */
export interface Standing {
  readonly kind: "up" | "finished" | "starting" | "restarting" | "down";
  /** What a person should know of it. */
  readonly message: string;
}

const longestProbe = 200;

export function standingOf(container: ServiceContainer): Standing {
  const { state, exitCode, role, health, error } = container;
  switch (state) {
    case "running":
      return healthOf(container, health);
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
