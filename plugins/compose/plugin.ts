import { createPlugin, type PluginContext } from "@dockersnap/plugin-sdk";
import { version } from "./package.json" with { type: "json" };

export const plugin = createPlugin({
  name: "compose",
  version,
  description: "A Docker Compose project",
  configOptions: [
    {
      name: "file",
      type: "path",
      required: true,
      description: "The compose file, as an absolute path on the daemon's host",
    },
    {
      name: "project_name",
      type: "string",
      default: "{{ instance_name }}",
      description: "The project's name, which those of containers and volumes begin with",
    },
    { name: "profiles", type: "string-list", default: [], description: "Profiles whose services are started too" },
    {
      name: "env_file",
      type: "path",
      description: "Variables for the compose file, in place of the .env beside it; an absolute path",
    },
    { name: "wait", type: "bool", default: true, description: "Wait until every service runs and is healthy" },
    { name: "wait_timeout", type: "int", default: 300, description: "How long to wait for that, in seconds" },
    {
      name: "settle_time",
      type: "int",
      default: 2,
      description: "How long a service without a health check has to run before it counts as up, in seconds",
    },
    {
      name: "keep_running",
      type: "bool",
      default: true,
      description: "Give services without a restart policy one, so that they come back after a stop or a revert",
    },
  ],
});

export type Ctx = PluginContext<typeof plugin>;
