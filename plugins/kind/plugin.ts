import { createPlugin, type PluginContext } from "@dockersnap/plugin-sdk";
import { version } from "./package.json" with { type: "json" };

export const plugin = createPlugin({
  name: "kind",
  version,
  description: "A whole Kubernetes cluster in containers, made by kind",
  configOptions: [
    {
      name: "cluster_name",
      type: "string",
      default: "{{ instance_name }}",
      description: "What kind calls the cluster; the nodes' names begin with it",
    },
    { name: "kind_config", type: "path", description: "A kind configuration (kind: Cluster) on the daemon's host" },
    {
      name: "kubernetes_version",
      type: "string",
      description: "Such as v1.31.2: every node runs kindest/node of that tag; kind's own default unless given",
    },
    { name: "node_image", type: "string", description: "The image of every node, in place of a kubernetes_version" },
    { name: "retries", type: "int", default: 3, description: "Attempts to create the cluster, the first one included" },
    { name: "wait_ready", type: "bool", default: true, description: "Wait until the control plane is ready" },
    {
      name: "wait_timeout",
      type: "string",
      default: "300s",
      description: "How long to wait for the control plane, such as 90s or 5m",
    },
  ],
});

export type Ctx = PluginContext<typeof plugin>;
