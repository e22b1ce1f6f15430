export * from "./check.ts";
export * from "./config.ts";
export * from "./environment.ts";
export * from "./input.ts";
export * from "./responses.ts";
export * from "./schema.ts";
