import type { ValidateResult } from "@dockersnap/plugin-sdk";
import { checkClusterConfig } from "./cluster-config.ts";
import { parseDuration } from "./duration.ts";
import type { Ctx } from "./plugin.ts";
import { programProblems } from "./programs.ts";

const most = { attempts: 100, waitSeconds: 86_400 };

/** A node is named after its cluster, the longest of a usual one being `-control-plane`, and a host's name has 63 characters. */
const longestClusterName = 63 - "-control-plane".length;

export async function validate(ctx: Ctx): Promise<ValidateResult> {
  const path = ctx.config.path("kind_config");
  const [programs, file] = await Promise.all([
    programProblems(ctx),
    path ? checkClusterConfig(path, ctx.config.string("cluster_name")) : { errors: [], warnings: [] },
  ]);
  return { errors: [...optionProblems(ctx), ...file.errors, ...programs], warnings: file.warnings };
}

function optionProblems({ config }: Ctx): string[] {
  const problems: string[] = [];
  const clusterName = config.string("cluster_name");
  if (clusterName.length > longestClusterName || !/^[a-z0-9]+(?:(?:-+|\.)[a-z0-9]+)*$/.test(clusterName)) {
    problems.push(
      `'cluster_name' is lower-case letters, digits, '-' and '.' between them, ${longestClusterName} characters at most, got ${quoted(clusterName)}.`,
    );
  }
  const version = config.string("kubernetes_version");
  if (version && !/^v?\d{1,4}\.\d{1,4}\.\d{1,4}(-[0-9A-Za-z.-]{1,64})?(@sha256:[0-9a-f]{64})?$/.test(version)) {
    problems.push(`'kubernetes_version' is a whole version such as v1.31.2, got ${quoted(version)}.`);
  }
  const image = config.string("node_image");
  if (image && !/^[A-Za-z0-9][\w.:/@-]{0,254}$/.test(image)) {
    problems.push(`'node_image' is the name of an image such as kindest/node:v1.31.2, got ${quoted(image)}.`);
  }
  if (version && image) {
    problems.push("'kubernetes_version' and 'node_image' both say which image the nodes run; give one of them.");
  }
  const retries = config.int("retries");
  if (retries < 0 || retries > most.attempts) {
    problems.push(`'retries' is a number of attempts from 0 to ${most.attempts}, got ${retries}.`);
  }
  const timeout = config.string("wait_timeout");
  const seconds = parseDuration(timeout);
  if (seconds === undefined || seconds > most.waitSeconds) {
    problems.push(`'wait_timeout' is a duration such as 90s or 5m, up to 24h, got ${quoted(timeout)}.`);
  }
  return problems;
}

const quoted = (text: string) => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
