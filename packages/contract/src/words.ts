/** What needs no schema library: for the command line, whose start-up must stay short, and for browsers. */

export type * from "./api/calls.ts";
export type * from "./api/index.ts";
export * from "./errors.ts";
export * from "./names.ts";
export * from "./nearest.ts";
export * from "./plugin/config.ts";
export * from "./plugin/environment.ts";
export type * from "./plugin/index.ts";
export * from "./printable.ts";
export * from "./short-list.ts";
export * from "./size.ts";
