export * from "./input.ts";
export * from "./responses.ts";
export * from "./schema.ts";
