import type { Context, ProgramResult } from "@dockersnap/plugin-sdk";

const answerWithinMs = 10_000;

/** Some builds of kubectl keep a cache in the operator's home even when they are only asked for their version. */
const env = { KUBECACHEDIR: "/dev/null" };

/** Clusters of older ones do not come back after their engine was restarted. */
const oldestKind = [0, 8, 0] as const;

/** What is wrong with the programs this plugin stands on, each in a sentence; they are asked side by side. */
export async function programProblems(ctx: Pick<Context, "exec">): Promise<string[]> {
  const problems = await Promise.all([
    problemOf(ctx, "kind", ["version"], kindProblem),
    problemOf(ctx, "kubectl", ["version", "--client"]),
    // kind does all it does to containers through it.
    problemOf(ctx, "docker", ["--version"]),
  ]);
  return problems.filter((problem) => problem !== undefined);
}

async function problemOf(
  ctx: Pick<Context, "exec">,
  program: string,
  args: readonly string[],
  judge: (result: ProgramResult) => string | undefined = () => undefined,
): Promise<string | undefined> {
  try {
    return judge(await ctx.exec(program, args, { env, timeoutMs: answerWithinMs }));
  } catch (error) {
    if (isNotInstalled(error)) {
      return `The program '${program}' is not in the PATH of the daemon on its host; install it there.`;
    }
    return `The program '${program}' does not work on the daemon's host: ${error instanceof Error ? error.message : error}`;
  }
}

const isNotInstalled = (error: unknown) =>
  error instanceof Error && error.cause instanceof Error && "code" in error.cause && error.cause.code === "ENOENT";

function kindProblem({ stdout }: ProgramResult): string | undefined {
  const version = /\bv?(\d+)\.(\d+)\.(\d+)/.exec(stdout.slice(0, 1000));
  if (version === null) {
    return `'kind version' answers ${JSON.stringify(stdout.trim().slice(0, 100))}, which is no version: the 'kind' in the daemon's PATH is another program.`;
  }
  const parts = version.slice(1).map(Number);
  const difference = oldestKind.map((part, index) => (parts[index] ?? 0) - part).find((each) => each !== 0) ?? 0;
  return difference >= 0
    ? undefined
    : `kind ${version[0]} is too old: its clusters do not survive a stop of their engine. Install v${oldestKind.join(".")} or newer on the daemon's host.`;
}
