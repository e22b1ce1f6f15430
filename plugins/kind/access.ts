import { type AccessResult, accessDir, fileFromString, hostToken, portToken } from "@dockersnap/plugin-sdk";
import { getKubeconfig } from "./kind-cli.ts";
import { kubeconfig, readCredentials } from "./kubeconfig.ts";
import { findCluster } from "./node-containers.ts";
import type { Ctx } from "./plugin.ts";

/** What the daemon calls the port 6443 of a container. */
const apiLabel = "kubernetes-api";

/** Less than a daemon waits for an answer, so that the reason is this plugin's. */
const answerWithinMs = 8000;

export async function access(ctx: Ctx): Promise<AccessResult> {
  const { name } = await findCluster(ctx.dockerClient(), ctx.config.string("cluster_name"), ctx.signal);
  const credentials = await readCredentials(await getKubeconfig(ctx, name, answerWithinMs));
  const server = `https://${hostToken}:${portToken(apiLabel)}`;
  const port = ctx.forwardedPort(apiLabel);
  return {
    env: { KUBECONFIG: `${accessDir}/kubeconfig` },
    files: [fileFromString("kubeconfig", await kubeconfig(name, server, credentials), 0o600)],
    endpoints: port
      ? [
          {
            name: apiLabel,
            scheme: "https",
            port,
            insecure: true,
            description: `The Kubernetes API of the cluster ${name}; its certificate is checked by the kubeconfig`,
          },
        ]
      : [],
  };
}
