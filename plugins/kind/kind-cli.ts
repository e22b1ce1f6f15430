import { type Context, DockersnapError, type ProgramResult } from "@dockersnap/plugin-sdk";
import { plainText } from "./plain-text.ts";

type Exec = Pick<Context, "exec">;

/** A provider the operator chose for other clusters must not lead away from the instance's engine. */
const env = { KIND_EXPERIMENTAL_PROVIDER: "docker" };

const deleteWithinMs = 120_000;
const longestReason = 500;

export interface ClusterRequest {
  readonly name: string;
  /** Where kind writes credentials of its own accord; without it that would be the operator's own file. */
  readonly kubeconfigPath: string;
  readonly configPath: string | undefined;
  readonly image: string | undefined;
  readonly waitSeconds: number;
}

/** One try. Resolves with why it failed, in kind's words, or undefined when the cluster is there. */
export async function createCluster(
  ctx: Exec,
  request: ClusterRequest,
  onLine: (line: string) => void,
): Promise<string | undefined> {
  const args = ["create", "cluster", "--name", request.name, "--kubeconfig", request.kubeconfigPath];
  if (request.configPath) args.push("--config", request.configPath);
  if (request.image !== undefined) args.push("--image", request.image);
  if (request.waitSeconds > 0) args.push("--wait", `${request.waitSeconds}s`);
  const result = await ctx.exec("kind", args, { env, onLine, allowFailure: true });
  return result.exitCode === 0 ? undefined : reasonOf(result);
}

/** Removes the cluster's nodes; a cluster that is not there is already removed. */
export async function deleteCluster(ctx: Exec, name: string, kubeconfigPath: string): Promise<void> {
  const args = ["delete", "cluster", "--name", name, "--kubeconfig", kubeconfigPath];
  const result = await ctx.exec("kind", args, { env, timeoutMs: deleteWithinMs, allowFailure: true });
  if (result.exitCode === 0) return;
  throw new DockersnapError("plugin_failed", `kind cannot remove the cluster '${name}': ${reasonOf(result)}`);
}

/** The administrator's credentials of a running cluster, as kind prints them. */
export async function getKubeconfig(ctx: Exec, cluster: string, timeoutMs: number): Promise<string> {
  const result = await ctx.exec("kind", ["get", "kubeconfig", "--name", cluster], {
    env,
    timeoutMs,
    allowFailure: true,
  });
  if (result.exitCode === 0) return result.stdout;
  throw new DockersnapError(
    "plugin_failed",
    `kind has no credentials for the cluster '${cluster}': ${reasonOf(result)}`,
  );
}

/** kind ends with a line that says what went wrong; the logs of what it ran come before and after it. */
function reasonOf({ exitCode, stdout, stderr }: ProgramResult): string {
  const lines = `${stdout}\n${stderr}`
    .split("\n")
    .map((line) => plainText(line, longestReason))
    .filter((line) => line !== "");
  const error = lines.find((line) => line.startsWith("ERROR: "));
  return error?.slice("ERROR: ".length) ?? lines.at(-1) ?? `it ended with ${exitCode} and said nothing`;
}
