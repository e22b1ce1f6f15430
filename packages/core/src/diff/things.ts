import type { ImageDiff, NetworkDiff, VolumeDiff } from "@dockersnap/contract/words";
import type { StoredImage, StoredNetwork, StoredVolume } from "../content/data-root.ts";
import { changeOf, type Pair, SettingChanges } from "./settings.ts";

/** Undefined for one that is the same. */
export function imageChange(pair: Pair<StoredImage>): ImageDiff | undefined {
  const { from, to } = pair;
  const shown = to ?? from;
  if (shown === undefined) return undefined;
  const [before, after] = [from?.tags ?? [], to?.tags ?? []];
  const isSame = from !== undefined && to !== undefined && before.join() === after.join();
  if (isSame) return undefined;
  const bothWays = from !== undefined && to !== undefined;
  return {
    digest: shown.id,
    change: changeOf(pair),
    tags: [...shown.tags],
    tags_added: bothWays ? after.filter((tag) => !before.includes(tag)) : [],
    tags_removed: bothWays ? before.filter((tag) => !after.includes(tag)) : [],
    ...(shown.bytes === undefined ? {} : { bytes: shown.bytes }),
  };
}

/** How a volume differs, apart from its files. */
export function volumeChange(pair: Pair<StoredVolume>): Omit<VolumeDiff, "files"> | undefined {
  const { from, to } = pair;
  const shown = to ?? from;
  if (shown === undefined) return undefined;
  const settings = new SettingChanges();
  if (from !== undefined && to !== undefined) {
    settings
      .value("driver", from.driver, to.driver)
      .each("label", from.labels, to.labels)
      .each("option", from.options, to.options);
  }
  return { name: shown.name, change: changeOf(pair), driver: shown.driver, settings: settings.list() };
}

/** dockerd makes these itself, its bridge anew at each start. */
const predefined = new Set(["bridge", "host", "none"]);

/** Undefined for one that is the same. */
export function networkChange(pair: Pair<StoredNetwork>): NetworkDiff | undefined {
  const { from, to } = pair;
  const shown = to ?? from;
  if (shown === undefined) return undefined;
  const isRecreated = from !== undefined && to !== undefined && from.id !== to.id && !predefined.has(shown.name);
  const settings = new SettingChanges();
  if (from !== undefined && to !== undefined) {
    settings
      .value("driver", from.driver, to.driver)
      .value("internal", String(from.internal), String(to.internal))
      .members("subnet", from.subnets, to.subnets)
      .each("label", from.labels, to.labels)
      .each("option", from.options, to.options);
    if (!isRecreated && settings.list().length === 0) return undefined;
  }
  return {
    name: shown.name,
    change: changeOf(pair),
    id: shown.id,
    driver: shown.driver,
    ...(isRecreated ? { recreated: true } : {}),
    settings: settings.list(),
  };
}
