import { createPlugin, type PluginContext } from "@dockersnap/plugin-sdk";
import { version } from "./package.json" with { type: "json" };

export const plugin = createPlugin({
  name: "compose",
  version,
  description: "A Docker Compose project",
  configOptions: [
    { name: "file", type: "path", required: true, description: "The Compose file, on the daemon's host" },
    {
      name: "project_name",
      type: "string",
      default: "{{ instance_name }}",
      description: "The project's name; containers and volumes begin with it",
    },
    { name: "profiles", type: "string-list", default: [], description: "Profiles whose services are started too" },
    { name: "env_file", type: "path", description: "Values for the variables in the Compose file" },
    { name: "wait", type: "bool", default: true, description: "Whether create waits until every service is healthy" },
    { name: "wait_timeout", type: "int", default: 300, description: "Seconds the services have to become healthy" },
    {
      name: "keep_running",
      type: "bool",
      default: true,
      description: "Let services without a restart policy of their own come back with their engine",
    },
  ],
});

export type Ctx = PluginContext<typeof plugin>;
