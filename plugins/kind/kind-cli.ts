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
  readonly configPath: string;
  readonly image: string | undefined;
  readonly waitSeconds: number;
}

/** One try. Resolves with why it failed, in kind's words, or undefined when the cluster is there. */
export async function createCluster(
  ctx: Exec,
  request: ClusterRequest,
  onLine: (line: string) => void,
): Promise<string | undefined> {
  const { name, kubeconfigPath, configPath } = request;
  const args = ["create", "cluster", "--name", name, "--kubeconfig", kubeconfigPath, "--config", configPath];
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

const longestLine = 64 * 1024;
const longestCommand = 80;

/**
 * Why kind failed, in one line. It says so in a line that begins with ERROR, which may hold a whole command; what that
 * command printed comes after it.
 */
function reasonOf({ exitCode, stdout, stderr }: ProgramResult): string {
  const lines = `${stdout}\n${stderr}`
    .split("\n")
    .map((line) => line.slice(0, longestLine))
    .filter((line) => line.trim() !== "");
  const at = lines.findIndex((line) => line.startsWith("ERROR: "));
  const line = lines[at]?.slice("ERROR: ".length);
  if (line === undefined) {
    return plainText(lines.at(-1) ?? "", longestReason) || `it ended with ${exitCode} and said nothing`;
  }
  const [, before = "", command, after = ""] = /^(.*?)command "(.*)" (failed with error: .*)$/.exec(line) ?? [];
  if (command === undefined) return plainText(line, longestReason);
  const printed = lines.slice(at + 1).map((each) => each.replace(/^Command Output: /, ""));
  // Of a long log the first complaint is the cause, and without any the end of it tells most.
  const complaint = printed.find((each) => /^(error|fatal|docker:)/i.test(each)) ?? printed.at(-1);
  const cause = complaint === undefined ? "" : `: ${complaint}`;
  return plainText(`${before}'${plainText(command, longestCommand)}' ${after}${cause}`, longestReason);
}
