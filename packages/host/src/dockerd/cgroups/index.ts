export { EngineCgroup, listGroups } from "./engine-cgroup.ts";
export { type Hierarchies, readHierarchies } from "./hierarchies.ts";
