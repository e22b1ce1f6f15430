import type { AnyCommand } from "./command.ts";

export type Group = "Lifecycle" | "State" | "Access" | "Admin";

export const groups: readonly Group[] = ["Lifecycle", "State", "Access", "Admin"];

/** A verb as the command line knows it before it loads what the verb does. */
export interface Verb {
  /** Its name, then its aliases. */
  readonly names: readonly [string, ...string[]];
  readonly load: () => Promise<AnyCommand>;
}

/** A noun with verbs of its own. */
export interface Noun {
  readonly names: readonly [string, ...string[]];
  readonly summary: string;
  readonly verbs: readonly Verb[];
  /** The verb meant when none is written. */
  readonly fallback?: string;
  /** The verb meant when a snapshot is named in its place. */
  readonly ofSnapshot?: string;
}

export type Entry = (Verb | Noun) & { readonly group: Group };

/** Every word that can follow `dockersnap`, in the order of the help. Only what is asked for is loaded. */
export const entries: readonly Entry[] = [
  { group: "Lifecycle", names: ["create", "new"], load: async () => (await import("./commands/create.ts")).create },
  {
    group: "Lifecycle",
    names: ["delete", "rm", "destroy"],
    load: async () => (await import("./commands/delete.ts")).remove,
  },
  { group: "Lifecycle", names: ["start"], load: async () => (await import("./commands/start.ts")).start },
  { group: "Lifecycle", names: ["stop"], load: async () => (await import("./commands/stop.ts")).stop },
  { group: "Lifecycle", names: ["restart"], load: async () => (await import("./commands/restart.ts")).restart },
  { group: "Lifecycle", names: ["limit"], load: async () => (await import("./commands/limit.ts")).limit },
  { group: "State", names: ["snapshot", "snap"], load: async () => (await import("./commands/snapshot.ts")).snapshot },
  { group: "State", names: ["revert", "rollback"], load: async () => (await import("./commands/revert.ts")).revert },
  { group: "State", names: ["undo"], load: async () => (await import("./commands/undo.ts")).undo },
  { group: "State", names: ["redo"], load: async () => (await import("./commands/redo.ts")).redo },
  { group: "State", names: ["clone"], load: async () => (await import("./commands/clone.ts")).clone },
  { group: "State", names: ["snapshots"], load: async () => (await import("./commands/snapshots.ts")).snapshots },
  { group: "State", names: ["history", "log"], load: async () => (await import("./commands/history.ts")).history },
  { group: "State", names: ["diff"], load: async () => (await import("./commands/diff.ts")).diff },
  { group: "State", names: ["verify"], load: async () => (await import("./commands/verify.ts")).verify },
  { group: "State", names: ["rename"], load: async () => (await import("./commands/rename.ts")).rename },
  { group: "State", names: ["tag"], load: async () => (await import("./commands/tag.ts")).tag },
  { group: "State", names: ["protect"], load: async () => (await import("./commands/protect.ts")).protect },
  { group: "State", names: ["unprotect"], load: async () => (await import("./commands/protect.ts")).unprotect },
  { group: "State", names: ["expire"], load: async () => (await import("./commands/expire.ts")).expire },
  {
    group: "State",
    names: ["schedule"],
    summary: "Manage schedules that take or verify snapshots",
    verbs: [
      { names: ["add"], load: async () => (await import("./commands/schedule-add.ts")).scheduleAdd },
      { names: ["list", "ls"], load: async () => (await import("./commands/schedule-list.ts")).scheduleList },
      { names: ["remove", "rm"], load: async () => (await import("./commands/schedule-remove.ts")).scheduleRemove },
    ],
  },
  {
    group: "State",
    names: ["standby"],
    summary: "Manage standby clones",
    fallback: "list",
    ofSnapshot: "set",
    verbs: [
      { names: ["set"], load: async () => (await import("./commands/standby-set.ts")).standbySet },
      { names: ["list", "ls"], load: async () => (await import("./commands/standby-list.ts")).standbyList },
    ],
  },
  { group: "Access", names: ["use"], load: async () => (await import("./commands/use.ts")).use },
  { group: "Access", names: ["access"], load: async () => (await import("./commands/access.ts")).access },
  { group: "Access", names: ["docker"], load: async () => (await import("./commands/docker.ts")).docker },
  { group: "Access", names: ["run"], load: async () => (await import("./commands/run.ts")).run },
  { group: "Access", names: ["ports"], load: async () => (await import("./commands/ports.ts")).ports },
  {
    group: "Access",
    names: ["workload", "wl"],
    summary: "Show the workload of an instance and its health",
    verbs: [
      { names: ["describe"], load: async () => (await import("./commands/workload-describe.ts")).workloadDescribe },
      { names: ["health"], load: async () => (await import("./commands/workload-health.ts")).workloadHealth },
    ],
  },
  { group: "Admin", names: ["list", "ls", "ps"], load: async () => (await import("./commands/list.ts")).list },
  {
    group: "Admin",
    names: ["status", "info", "show"],
    load: async () => (await import("./commands/status.ts")).status,
  },
  { group: "Admin", names: ["health"], load: async () => (await import("./commands/health.ts")).health },
  { group: "Admin", names: ["version"], load: async () => (await import("./commands/version.ts")).version },
  {
    group: "Admin",
    names: ["operations", "ops"],
    summary: "Show and cancel operations",
    fallback: "list",
    verbs: [
      { names: ["list", "ls"], load: async () => (await import("./commands/operations-list.ts")).operationsList },
      { names: ["show"], load: async () => (await import("./commands/operations-show.ts")).operationsShow },
      { names: ["cancel"], load: async () => (await import("./commands/operations-cancel.ts")).operationsCancel },
    ],
  },
  {
    group: "Admin",
    names: ["plugin", "plugins"],
    summary: "Manage and develop workload plugins",
    verbs: [
      { names: ["list", "ls"], load: async () => (await import("./commands/plugin-list.ts")).pluginList },
      { names: ["describe", "show"], load: async () => (await import("./commands/plugin-describe.ts")).pluginDescribe },
      { names: ["reload"], load: async () => (await import("./commands/plugin-reload.ts")).pluginReload },
      { names: ["new"], load: async () => (await import("./commands/plugin-new.ts")).pluginNew },
      { names: ["test"], load: async () => (await import("./commands/plugin-test.ts")).pluginTest },
      { names: ["build"], load: async () => (await import("./commands/plugin-build.ts")).pluginBuild },
      { names: ["check"], load: async () => (await import("./commands/plugin-check.ts")).pluginCheck },
      { names: ["install"], load: async () => (await import("./commands/plugin-install.ts")).pluginInstall },
    ],
  },
  {
    group: "Admin",
    names: ["pool"],
    summary: "Show and enlarge the storage pool",
    fallback: "show",
    verbs: [
      { names: ["show"], load: async () => (await import("./commands/pool-show.ts")).poolShow },
      { names: ["grow"], load: async () => (await import("./commands/pool-grow.ts")).poolGrow },
    ],
  },
  { group: "Admin", names: ["doctor"], load: async () => (await import("./commands/doctor.ts")).doctor },
  { group: "Admin", names: ["serve"], load: async () => (await import("./commands/serve.ts")).serve },
  { group: "Admin", names: ["completion"], load: async () => (await import("./commands/completion.ts")).completion },
];

/** The verb that a word after a noun stands for, and whether the word is one of the verb's own already. */
export function verbOf(noun: Noun, word: string): { readonly verb: Verb; readonly named: boolean } | undefined {
  const verb = findByName(word, noun.verbs);
  if (verb !== undefined) return { verb, named: true };
  const meant =
    noun.ofSnapshot === undefined || !word.includes("@") ? undefined : findByName(noun.ofSnapshot, noun.verbs);
  return meant === undefined ? undefined : { verb: meant, named: false };
}

export function findByName<T extends { readonly names: readonly string[] }>(
  name: string,
  among: readonly T[],
): T | undefined {
  return among.find((one) => one.names.includes(name));
}
