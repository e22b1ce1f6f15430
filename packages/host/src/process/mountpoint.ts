import { realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** Where the file system that holds this path is mounted: the topmost folder above it that is on the same device. */
export function mountpointOf(path: string): string {
  let place = realpathSync(path);
  const { dev } = statSync(place);
  while (place !== "/" && statSync(dirname(place)).dev === dev) place = dirname(place);
  return place;
}
