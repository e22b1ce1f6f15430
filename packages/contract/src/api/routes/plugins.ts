import * as z from "zod";
import { addresses } from "../addresses.ts";
import { PluginName } from "../names.ts";
import { PluginInfo } from "../plugin.ts";
import type { Route } from "../route.ts";

export const pluginsRoutes = {
  listPlugins: {
    ...addresses.listPlugins,
    summary: "Every plugin found, those that are disabled too",
    needs: "read",
    answer: { status: 200, means: "The plugins.", body: z.array(PluginInfo) },
    fails: [],
  },
  getPlugin: {
    ...addresses.getPlugin,
    summary: "One plugin with its configuration options",
    needs: "read",
    params: { name: PluginName },
    answer: { status: 200, means: "The plugin.", body: PluginInfo },
    fails: ["invalid_request", "not_found"],
  },
  reloadPlugins: {
    ...addresses.reloadPlugins,
    summary: "Look for plugins again",
    needs: "operate",
    answer: { status: 200, means: "The plugins after the look.", body: z.array(PluginInfo) },
    fails: [],
  },
} as const satisfies Readonly<Record<string, Route>>;
