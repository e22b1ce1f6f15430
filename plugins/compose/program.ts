import { DockersnapError, type ProgramResult } from "@dockersnap/plugin-sdk";
import type { Ctx } from "./plugin.ts";

/** Compose as it is installed on the daemon's host. */
export interface ComposeProgram {
  readonly program: string;
  /** Words before any of Compose's own. */
  readonly prefix: readonly string[];
  /** As it tells it, such as `2.26.1` or `1.29.2`. */
  readonly version: string;
}

const candidates = [
  { program: "docker", prefix: ["compose"] },
  { program: "docker-compose", prefix: [] },
] as const;

/** The first that knows profiles and the conditions of `depends_on`. */
const oldest = { major: 1, minor: 28 };

/** The newer Compose is `docker compose`, the older one `docker-compose`. Throws where there is none, or none new enough. */
export async function findCompose(ctx: Ctx): Promise<ComposeProgram> {
  let tooOld: string | undefined;
  for (const { program, prefix } of candidates) {
    const words = [program, ...prefix].join(" ");
    const answer = await runIfInstalled(ctx, program, [...prefix, "version", "--short"]);
    const [, version, major, minor] = /^v?((\d+)\.(\d+)\S*)$/m.exec(answer?.exitCode === 0 ? answer.stdout : "") ?? [];
    if (version === undefined) continue;
    const isEnough = Number(major) > oldest.major || Number(minor) >= oldest.minor;
    if (isEnough) return { program, prefix, version };
    tooOld ??= `'${words}' on the daemon's host is version ${version}; ${oldest.major}.${oldest.minor} or newer is needed`;
  }
  const problem = tooOld ?? "There is neither 'docker compose' nor 'docker-compose' on the daemon's host";
  throw new DockersnapError(
    "plugin_refused",
    `${problem}. Install one of them there: Docker's package docker-compose-plugin, or docker-compose of the distribution.`,
  );
}

/** Undefined where there is no such program. */
async function runIfInstalled(ctx: Ctx, program: string, args: readonly string[]): Promise<ProgramResult | undefined> {
  try {
    return await ctx.exec(program, args, { allowFailure: true });
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw error;
  }
}
