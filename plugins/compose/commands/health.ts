import type { HealthResult } from "@dockersnap/plugin-sdk";
import type { ServiceContainer } from "../engine/container.ts";
import { projectEngine } from "../engine/project-engine.ts";
import { shownName, standingOf } from "../engine/standing.ts";
import type { Ctx } from "../plugin.ts";

const mostReasons = 3;

/** One check for each container, and for each service that has none any more. */
export async function health(ctx: Ctx): Promise<HealthResult> {
  const project = ctx.config.string("project_name");
  const containers = await projectEngine(ctx.dockerClient(), project).containers();
  if (containers.length === 0) {
    const message = `The project '${project}' has no containers.`;
    return { status: "unhealthy", message, checks: [{ name: project, ok: false, message }] };
  }
  const checks = [...containers.map(checkOf), ...missingServices(containers)];
  const bad = checks.filter(({ ok }) => !ok);
  const status = bad.length === 0 ? "healthy" : bad.every(({ isStarting }) => isStarting) ? "starting" : "unhealthy";
  return {
    status,
    checks: checks.map(({ name, ok, message }) => ({ name, ok, message })),
    ...(bad.length > 0 && { message: reasons(bad) }),
  };
}

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly message: string;
  readonly isStarting: boolean;
}

function checkOf(container: ServiceContainer): Check {
  const { kind, message } = standingOf(container);
  return {
    name: shownName(container),
    ok: kind === "up" || kind === "finished",
    message: kind === "down" && staysDown(container) ? `${message}; it has no restart policy and stays down` : message,
    isStarting: kind === "starting",
  };
}

const staysDown = ({ state, role, restartPolicy }: ServiceContainer) =>
  state === "exited" && role !== "job" && restartPolicy === "no";

function missingServices(containers: readonly ServiceContainer[]): Check[] {
  const there = new Set(containers.map(({ service }) => service));
  const gone = new Set(containers.flatMap(({ siblings }) => siblings).filter((name) => !there.has(name)));
  return [...gone].map((name) => ({
    name,
    ok: false,
    message: "its container is gone",
    isStarting: false,
  }));
}

function reasons(bad: readonly Check[]): string {
  const told = bad.slice(0, mostReasons).map(({ name, message }) => `${name}: ${message}`);
  return [...told, ...(bad.length > mostReasons ? [`and ${bad.length - mostReasons} more`] : [])].join("; ");
}
