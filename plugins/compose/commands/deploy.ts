import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DockersnapError, type Progress } from "@dockersnap/plugin-sdk";
import type { ServiceContainer } from "../engine/container.ts";
import { type ProjectEngine, projectEngine } from "../engine/project-engine.ts";
import { fittingPolicy } from "../engine/restart-policy.ts";
import { shownName, standingOf } from "../engine/standing.ts";
import { failure, untilUp } from "../engine/wait.ts";
import { type ContainerEvent, ProjectWatch } from "../engine/watch.ts";
import { Invocation } from "../invocation.ts";
import type { Ctx } from "../plugin.ts";
import { findCompose } from "../program.ts";
import { labelOverride } from "../project/labels.ts";
import { enabledServices, type Project, parseProject } from "../project/project.ts";
import { refusals } from "../project/refusals.ts";
import { newsIn, type ServiceNews } from "../words.ts";

export async function deploy(ctx: Ctx, progress: Progress): Promise<void> {
  const name = ctx.config.string("project_name");
  const compose = new Invocation(ctx, await findCompose(ctx));
  const project = await parseProject((await compose.config()).yaml);
  const [refused] = refusals(project);
  if (refused !== undefined) throw new DockersnapError("plugin_refused", refused);

  const docker = ctx.dockerClient();
  const engine = projectEngine(docker, name);
  const say = storyteller(progress);
  using watch = await ProjectWatch.open(docker, name, ctx.signal, (event) => say(newsOf(event)));
  const enabled = enabledServices(project, ctx.config.stringList("profiles"));
  progress.step("starting", `${count(enabled.length)} with ${compose.name} ${compose.version}`);
  await up(compose, engine, labelOverride(project, enabled), (line) => say(newsIn(line)));

  const containers = ctx.config.bool("wait")
    ? await untilUp(
        engine,
        watch,
        { timeout: ctx.config.int("wait_timeout"), settle: ctx.config.int("settle_time") },
        ctx.signal,
      )
    : await engine.containers();
  // A container may be seen to be healthy before the engine's event about it is.
  for (const { service, health } of containers) say(health === "healthy" ? { service, words: health } : undefined);
  if (ctx.config.bool("keep_running")) {
    for (const words of await keepRunning(engine, project, containers)) progress.step("restarts", words);
  }
  progress.step(
    "complete",
    containers.map((container) => `${shownName(container)} ${standingOf(container).message}`).join(", "),
  );
}

/** The override is no secret, and no business of the folder the user's file is in. */
async function up(compose: Invocation, engine: ProjectEngine, override: string, onLine: (line: string) => void) {
  const folder = await mkdtemp(join(tmpdir(), "dockersnap-compose-"));
  try {
    const path = join(folder, "labels.json");
    await writeFile(path, override, { mode: 0o600 });
    await compose.up(path, onLine);
  } catch (error) {
    throw await withLogs(engine, error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Compose tells which container ended or is unhealthy, but not what that one had to say. */
async function withLogs(engine: ProjectEngine, error: unknown): Promise<unknown> {
  if (!(error instanceof DockersnapError) || error.code !== "plugin_failed") return error;
  const standings = (await engine.containers()).map((container) => ({ container, ...standingOf(container) }));
  const ended = standings.filter(({ kind, container }) => kind === "down" && container.state !== "created");
  if (ended.length === 0) return error;
  const { message } = await failure(engine, ended);
  return new DockersnapError("plugin_failed", `${error.message} ${message}`, { cause: error });
}

/** Gives a restart policy to what has none and should have one; says which, one line for each policy. */
async function keepRunning(
  engine: ProjectEngine,
  { services }: Project,
  containers: readonly ServiceContainer[],
): Promise<string[]> {
  const isDecided = new Set(
    services.filter(({ restart }) => restart === "no" || restart === "none").map(({ name }) => name),
  );
  const given = new Map<string, Set<string>>();
  for (const container of containers) {
    if (container.restartPolicy !== "no" || isDecided.has(container.service)) continue;
    const policy = fittingPolicy(container, await engine.image(container.imageId));
    if (policy === undefined) continue;
    await engine.setRestartPolicy(container.id, policy);
    given.set(policy, (given.get(policy) ?? new Set()).add(container.service));
  }
  return [...given].map(
    ([policy, names]) => `${[...names].join(", ")}: ${policy}, as the file names no restart policy`,
  );
}

/** Tells what is new about a service; nothing twice in a row. */
function storyteller(progress: Progress): (news: ServiceNews | undefined) => void {
  const last = new Map<string, string>();
  return (news) => {
    if (news === undefined || last.get(news.service) === news.words) return;
    last.set(news.service, news.words);
    progress.step("starting", `${news.service}: ${news.words}`);
  };
}

function newsOf({ service, action, exitCode }: ContainerEvent): ServiceNews | undefined {
  if (action === "start") return { service, words: "started" };
  if (action === "die") return { service, words: `ended with exit code ${exitCode}` };
  const [, health] = /^health_status: (\w+)$/.exec(action) ?? [];
  return health === undefined ? undefined : { service, words: health };
}

const count = (services: number) => `${services} ${services === 1 ? "service" : "services"}`;
