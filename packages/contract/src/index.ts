export * from "./api/index.ts";
export * from "./errors.ts";
export * from "./names.ts";
export * from "./nearest.ts";
export * from "./plugin/index.ts";
export * from "./printable.ts";
export * from "./short-list.ts";
