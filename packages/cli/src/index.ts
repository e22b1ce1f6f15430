export type { Choice, Io, Sink } from "./io.ts";
export { main } from "./main.ts";
