export type { Config } from "./keys.ts";
export { loadConfig } from "./load.ts";
