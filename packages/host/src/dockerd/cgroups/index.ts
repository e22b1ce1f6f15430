export type { EngineActivity } from "./activity.ts";
export { EngineCgroup, listGroups } from "./engine-cgroup.ts";
export { isMissing } from "./event-file.ts";
export { type Hierarchies, readHierarchies } from "./hierarchies.ts";
export { canLimit } from "./limits.ts";
