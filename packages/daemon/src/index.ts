export { createAdapters, forwardsTable } from "./app/adapters.ts";
export { loadConfig } from "./config/config.ts";
export { createLog } from "./log.ts";
export { serve } from "./serve.ts";
