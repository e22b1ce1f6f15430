import type { DataRootContents, StoredVolume } from "../content/data-root.ts";
import type { Platform } from "../platform.ts";

/** A data-root with ten thousand containers is read in less. */
const longestReadMs = 10_000;

type Deps = Pick<Platform, "storage" | "dataRoots" | "engines" | "log">;
type Contents = Pick<DataRootContents, "containers" | "volumes">;

interface NotCaptured {
  /** What lies outside the dataset, one sentence each. */
  readonly sentences: string[];
  /** Why something could not be looked at, as sentences. */
  readonly problems: string[];
}

/** What of an instance no snapshot can hold, from its files: also of one that is stopped, or whose engine hangs. */
export async function findNotCaptured(deps: Deps, instance: string, signal: AbortSignal): Promise<NotCaptured> {
  const { storage, dataRoots, log } = deps;
  try {
    const bound = AbortSignal.any([signal, AbortSignal.timeout(longestReadMs)]);
    const { problems, ...contents } = await dataRoots.readMounts(storage.path(instance), bound);
    return { sentences: notCaptured(deps, instance, contents), problems: [...problems] };
  } catch (error) {
    signal.throwIfAborted();
    log.warn("what lies outside an instance could not be looked at", { instance, error });
    return { sentences: [], problems: [`What lies outside the dataset of '${instance}' could not be looked at.`] };
  }
}

/** As clients are told of an instance; nothing where it could not be looked at, which is in the log. */
export async function outsideOf(
  deps: Deps,
  instance: string,
  signal: AbortSignal,
): Promise<{ not_captured?: string[] }> {
  try {
    const { sentences } = await findNotCaptured(deps, instance, signal);
    return sentences.length === 0 ? {} : { not_captured: sentences };
  } catch (error) {
    deps.log.warn("what lies outside an instance was not looked at in time", { instance, error });
    return {};
  }
}

/** Sentences naming what of these containers and volumes lies outside the dataset. */
export function notCaptured(
  { engines, storage }: Pick<Deps, "engines" | "storage">,
  instance: string,
  { containers, volumes }: Contents,
): string[] {
  const root = storage.path(instance);
  const isOwn = (path: string) => path === root || path.startsWith(`${root}/`) || engines.isOwn(instance, path);
  return [
    ...volumes.flatMap((volume) => {
      const place = placeOf(volume);
      return place === undefined ? [] : [`volume '${volume.name}', which is ${place}`];
    }),
    ...containers.flatMap(({ name, mounts }) =>
      mounts.flatMap(({ type, source, destination }) => {
        if (type === "tmpfs") return [`tmpfs at ${destination} of container '${name}'`];
        if (type === "bind" && !isOwn(source)) return [`bind mount ${source} at ${destination} of container '${name}'`];
        return [];
      }),
    ),
  ];
}

/** Where a volume's files are, if not in the dataset. */
function placeOf({ driver, options }: StoredVolume): string | undefined {
  if (driver !== "local") return `kept by the volume driver ${driver}`;
  const { type = "", device = "", o = "" } = options;
  if (type === "" && device === "") return undefined;
  if (type === "tmpfs") return "a tmpfs";
  const isBind = type === "none" || type === "bind" || o.split(",").some((word) => word === "bind" || word === "rbind");
  return isBind ? `the host's ${device}` : `${type} ${device}`.trim();
}
