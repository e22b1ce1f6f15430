export type { Choice, Stream, Surroundings } from "./io.ts";
export { main } from "./main.ts";
