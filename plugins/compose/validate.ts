import { readFile } from "node:fs/promises";
import { DockersnapError, type ValidateResult } from "@dockersnap/plugin-sdk";
import { parse } from "yaml";
import type { Ctx } from "./plugin.ts";
import { type DeclaredService, findCompose, readProject } from "./program.ts";

const longestWait = 24 * 3600;

export async function validate(ctx: Ctx): Promise<ValidateResult> {
  const errors = optionProblems(ctx);
  try {
    const services = await readProject(ctx, await findCompose(ctx));
    errors.push(...(await profileProblems(ctx)));
    if (services.length === 0) {
      errors.push("The project has no service to start. Name the profiles it is to have with 'profiles'.");
    }
    return { errors, warnings: services.flatMap(warningsOf) };
  } catch (error) {
    if (!(error instanceof DockersnapError && error.code === "plugin_refused")) throw error;
    return { errors: [...errors, error.message] };
  }
}

function optionProblems({ config }: Ctx): string[] {
  const problems: string[] = [];
  const project = config.string("project_name");
  if (!/^[a-z0-9][a-z0-9_-]{0,62}$/.test(project)) {
    problems.push(
      `'project_name' begins with a lower-case letter or a digit, with '_' and '-' after it, got ${JSON.stringify(project.slice(0, 100))}.`,
    );
  }
  const wait = config.int("wait_timeout");
  if (wait < 1 || wait > longestWait) {
    problems.push(`'wait_timeout' is a number of seconds from 1 to ${longestWait}, got ${wait}.`);
  }
  return problems;
}

/** A profile no service has is a mistake that Compose takes without a word. */
async function profileProblems({ config }: Ctx): Promise<string[]> {
  const wanted = config.stringList("profiles");
  if (wanted.length === 0) return [];
  const project = parse(await readFile(config.path("file"), "utf8")) as {
    include?: unknown;
    services?: Record<string, { profiles?: readonly string[]; extends?: unknown } | null>;
  };
  const services = Object.values(project.services ?? {});
  // What other files bring in is not known here.
  if (project.include !== undefined || services.some((service) => service?.extends !== undefined)) return [];
  const known = [...new Set(services.flatMap((service) => service?.profiles ?? []))];
  const has = known.length === 0 ? "it has none" : `it has ${known.join(", ")}`;
  return wanted
    .filter((profile) => !known.includes(profile))
    .map((profile) => `No service of the project is in the profile ${JSON.stringify(profile)}; ${has}.`);
}

function warningsOf({ name, mounts, networkMode }: DeclaredService): string[] {
  const outside = mounts
    .filter(({ type }) => type === "bind")
    .map(({ source, target }) =>
      source.endsWith("/docker.sock")
        ? `Service '${name}' is given ${source}: that is the Docker of the daemon's host, not the instance's own.`
        : `Service '${name}' mounts ${source} of the daemon's host at ${target}: that is in no snapshot, and every clone shares it. A named volume is.`,
    );
  return networkMode === "host"
    ? [
        ...outside,
        `Service '${name}' uses the network mode 'host', so nothing it listens on is forwarded. Publish its ports instead.`,
      ]
    : outside;
}
