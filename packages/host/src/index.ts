export { CommandError } from "./process/commandError.ts";
export { identify, isAlive, killProcess, type ProcessIdentity } from "./process/identity.ts";
export { type RunOptions, type RunResult, run } from "./process/run.ts";
export { type OpenRecords, openRecords, viewRecords } from "./records/index.ts";
