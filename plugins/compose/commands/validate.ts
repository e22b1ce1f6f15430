import { isAbsolute } from "node:path";
import { DockersnapError, type ValidateResult } from "@dockersnap/plugin-sdk";
import { Invocation } from "../invocation.ts";
import type { Ctx } from "../plugin.ts";
import { findCompose } from "../program.ts";
import { enabledServices, parseProject } from "../project/project.ts";
import { refusals, unknownProfiles } from "../project/refusals.ts";
import { warningsAbout } from "../project/warnings.ts";

const longestWaitSeconds = 86_400;

export async function validate(ctx: Ctx): Promise<ValidateResult> {
  const waiting = waitErrors(ctx);
  const unreadable = [...pathErrors(ctx), ...nameErrors(ctx)];
  if (unreadable.length > 0) return { errors: [...unreadable, ...waiting] };
  try {
    const { errors, warnings } = await judge(ctx);
    return { errors: [...waiting, ...errors], warnings };
  } catch (error) {
    if (!(error instanceof DockersnapError && error.code === "plugin_refused")) throw error;
    return { errors: [...waiting, error.message] };
  }
}

/** What is wrong with the file, and what may not be meant. */
async function judge(ctx: Ctx): Promise<Required<ValidateResult>> {
  const compose = new Invocation(ctx, await findCompose(ctx));
  const { yaml, warnings } = await compose.config();
  const project = await parseProject(yaml);
  const profiles = ctx.config.stringList("profiles");
  const unknown = profiles.length === 0 ? [] : unknownProfiles(profiles, await compose.profiles());
  return {
    errors: [...unknown, ...refusals(project)],
    warnings: [
      ...warnings,
      ...warningsAbout(project, enabledServices(project, profiles), ctx.config.bool("keep_running")),
    ],
  };
}

function pathErrors({ config }: Ctx): string[] {
  return (["file", "env_file"] as const).flatMap((name) => {
    const path = config.path(name);
    if (path === undefined || path === "" || isAbsolute(path)) return [];
    return [`'${name}' is a path on the daemon's host and begins with '/', got '${path}'.`];
  });
}

function nameErrors({ config }: Ctx): string[] {
  const name = config.string("project_name");
  if (/^[a-z0-9][a-z0-9_-]*$/.test(name)) return [];
  return [
    `'project_name' has lower-case letters, digits, '-' and '_', and begins with a letter or a digit; got '${name}'.`,
  ];
}

function waitErrors({ config }: Ctx): string[] {
  const seconds = config.int("wait_timeout");
  if (seconds >= 1 && seconds <= longestWaitSeconds) return [];
  return [`'wait_timeout' is a number of seconds from 1 to ${longestWaitSeconds}, got ${seconds}.`];
}
