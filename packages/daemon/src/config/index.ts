export type { Config } from "./keys.ts";
export { defaultConfigFile, type LoadedConfig, loadConfig } from "./load.ts";
