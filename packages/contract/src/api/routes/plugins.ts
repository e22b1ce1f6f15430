import * as z from "zod";
import { addresses } from "../addresses.ts";
import { PluginName } from "../names.ts";
import { PluginInfo } from "../plugin.ts";
import type { Route } from "../route.ts";

export const pluginsRoutes = {
  listPlugins: {
    ...addresses.listPlugins,
    summary: "List the plugins, disabled ones included",
    needs: "read",
    answer: { status: 200, means: "The plugins.", body: z.array(PluginInfo) },
    fails: [],
  },
  getPlugin: {
    ...addresses.getPlugin,
    summary: "Show a plugin with its configuration options",
    needs: "read",
    params: { name: PluginName },
    answer: { status: 200, means: "The plugin.", body: PluginInfo },
    fails: ["invalid_request", "not_found"],
  },
  reloadPlugins: {
    ...addresses.reloadPlugins,
    summary: "Reload the plugins",
    needs: "operate",
    answer: { status: 200, means: "The plugins after the reload.", body: z.array(PluginInfo) },
    fails: [],
  },
} as const satisfies Readonly<Record<string, Route>>;
