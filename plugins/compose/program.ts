import { type Context, DockersnapError, type ProgramResult } from "@dockersnap/plugin-sdk";
import { parse } from "yaml";
import type { Ctx } from "./plugin.ts";

type Exec = Pick<Context, "exec">;

/** Docker Compose as it is installed: the plugin of the docker command line, or the older program of its own. */
export interface ComposeProgram {
  readonly program: string;
  readonly before: readonly string[];
}

const candidates: readonly ComposeProgram[] = [
  { program: "docker", before: ["compose"] },
  { program: "docker-compose", before: [] },
];

const answerWithinMs = 20_000;
const longestReason = 1500;

/** Whichever there is, the newer one first. Throws where there is none. */
export async function findCompose(ctx: Exec): Promise<ComposeProgram> {
  for (const candidate of candidates) {
    if (await answers(ctx, candidate)) return candidate;
  }
  throw new DockersnapError(
    "plugin_refused",
    "Neither 'docker compose' nor 'docker-compose' works on the daemon's host. Install one there, such as Debian's package docker-compose.",
  );
}

async function answers(ctx: Exec, { program, before }: ComposeProgram): Promise<boolean> {
  try {
    await ctx.exec(program, [...before, "version"], { timeoutMs: answerWithinMs });
    return true;
  } catch (error) {
    if (error instanceof DockersnapError && error.code === "plugin_failed") return false;
    throw error;
  }
}

export interface RunOptions {
  /** Compose files after the project's own, which change it. */
  readonly overrides?: readonly string[];
  readonly timeoutMs?: number;
  readonly onLine?: (line: string) => void;
}

/** Runs a Compose command on the project. Resolves whatever its exit code is. */
export function runCompose(
  ctx: Pick<Ctx, "exec" | "config">,
  { program, before }: ComposeProgram,
  command: readonly string[],
  { overrides = [], timeoutMs, onLine }: RunOptions = {},
): Promise<ProgramResult> {
  const envFile = ctx.config.path("env_file");
  const args = [
    ...before,
    "--ansi",
    "never",
    "--project-name",
    ctx.config.string("project_name"),
    ...[ctx.config.path("file"), ...overrides].flatMap((file) => ["--file", file]),
    ...(envFile ? ["--env-file", envFile] : []),
    ...command,
  ];
  return ctx.exec(program, args, {
    // Settings for another project in the daemon's own environment must not lead away from this one.
    env: { COMPOSE_FILE: "", COMPOSE_PROFILES: ctx.config.stringList("profiles").join(",") },
    allowFailure: true,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(onLine === undefined ? {} : { onLine }),
  });
}

/** A service as the project declares it, with what this plugin asks about. */
export interface DeclaredService {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Ports inside the container that are published. */
  readonly published: readonly number[];
  readonly mounts: readonly { readonly type: string; readonly source: string; readonly target: string }[];
  readonly networkMode: string | undefined;
}

/**
 * The services to be started, with everything filled in as Compose itself reads it. Throws with Compose's own words for what
 * it refuses.
 */
export async function readProject(
  ctx: Pick<Ctx, "exec" | "config">,
  compose: ComposeProgram,
): Promise<readonly DeclaredService[]> {
  const result = await runCompose(ctx, compose, ["config"], { timeoutMs: answerWithinMs });
  if (result.exitCode !== 0) throw new DockersnapError("plugin_refused", reasonOf(result));
  const { services } = parse(result.stdout) as { services?: Record<string, RawService | null> };
  const profiles = ctx.config.stringList("profiles");
  // The older Compose tells of services in other profiles too.
  const isWanted = (service: RawService | null) =>
    !service?.profiles?.length || service.profiles.some((profile) => profiles.includes(profile));
  return Object.entries(services ?? {})
    .filter(([, service]) => isWanted(service))
    .map(([name, service]) => declared(name, service ?? {}));
}

/** What Compose said went wrong, without the progress around it. */
export function reasonOf({ exitCode, stdout, stderr }: ProgramResult): string {
  const said = stderr.trim() || stdout.trim();
  return said === "" ? `Compose ended with ${exitCode} and said nothing.` : said.slice(-longestReason);
}

interface RawService {
  readonly labels?: Readonly<Record<string, unknown>> | readonly string[];
  readonly ports?: readonly (string | number | { readonly target?: number | string })[];
  readonly volumes?: readonly (
    | string
    | { readonly type?: string; readonly source?: string; readonly target?: string }
  )[];
  readonly network_mode?: string;
  readonly profiles?: readonly string[];
}

function declared(name: string, { labels = {}, ports = [], volumes = [], network_mode }: RawService): DeclaredService {
  const pairs = Array.isArray(labels)
    ? labels.map((label: string) => label.split(/=(.*)/s, 2) as [string, string])
    : Object.entries(labels);
  return {
    name,
    labels: Object.fromEntries(pairs.map(([key, value]) => [key, String(value ?? "")])),
    published: [...new Set(ports.flatMap(portsInside))],
    mounts: volumes.map(mount),
    networkMode: network_mode,
  };
}

/** `8080:80`, `127.0.0.1:8080-8081:80-81/tcp` or the long form; the end of it is inside the container. */
function portsInside(port: string | number | { readonly target?: number | string }): number[] {
  const words = typeof port === "object" ? String(port.target) : String(port);
  const [, first, last = first] = /(?:^|:)(\d+)(?:-(\d+))?(?:\/\w+)?$/.exec(words) ?? [];
  if (first === undefined) return [];
  return Array.from({ length: Math.min(1000, Number(last) - Number(first) + 1) }, (_, index) => Number(first) + index);
}

/** `./data:/data:ro`, `data:/data`, `/data` or the long form. */
function mount(volume: NonNullable<RawService["volumes"]>[number]): DeclaredService["mounts"][number] {
  if (typeof volume === "object") {
    return { type: volume.type ?? "volume", source: volume.source ?? "", target: volume.target ?? "" };
  }
  const [first = "", second] = volume.split(":");
  if (second === undefined) return { type: "volume", source: "", target: first };
  return { type: /^[./~]/.test(first) ? "bind" : "volume", source: first, target: second };
}
