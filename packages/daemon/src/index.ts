export { createAdapters } from "./app/adapters.ts";
export { identityOf } from "./app/identity.ts";
export { loadConfig } from "./config/config.ts";
export { createLog } from "./log.ts";
export { serve } from "./serve.ts";
