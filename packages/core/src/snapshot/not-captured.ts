import type { ContainerSummary } from "../engine/engine.ts";

/** Sentences naming what of these containers lies outside the dataset, so that no snapshot of it can hold it. */
export function notCaptured(containers: readonly ContainerSummary[], dataRoot: string): string[] {
  return containers.flatMap(({ name, mounts }) =>
    mounts.flatMap(({ type, source, destination }) => {
      if (type === "tmpfs") return [`tmpfs at ${destination} of container '${name}'`];
      if (type === "bind" && !isInside(source, dataRoot)) {
        return [`bind mount ${source} at ${destination} of container '${name}'`];
      }
      return [];
    }),
  );
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
