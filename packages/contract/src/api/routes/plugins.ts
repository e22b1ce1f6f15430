import * as z from "zod";
import { PluginName } from "../names.ts";
import { PluginInfo } from "../plugin.ts";
import type { Route } from "../route.ts";
import { api } from "./parts.ts";

export const pluginsRoutes = {
  listPlugins: {
    method: "GET",
    path: `${api}/plugins`,
    summary: "Every plugin found, those that are disabled too",
    needs: "read",
    answer: { status: 200, means: "The plugins.", body: z.array(PluginInfo) },
    fails: [],
  },
  getPlugin: {
    method: "GET",
    path: `${api}/plugins/{name}`,
    summary: "One plugin with its configuration options",
    needs: "read",
    params: { name: PluginName },
    answer: { status: 200, means: "The plugin.", body: PluginInfo },
    fails: ["invalid_request", "not_found"],
  },
  reloadPlugins: {
    method: "POST",
    path: `${api}/plugins/reload`,
    summary: "Look for plugins again",
    needs: "operate",
    answer: { status: 200, means: "The plugins after the look.", body: z.array(PluginInfo) },
    fails: [],
  },
} as const satisfies Readonly<Record<string, Route>>;
