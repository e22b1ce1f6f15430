import * as z from "zod";
import {
  instanceNamePattern,
  mostTags,
  nameRules,
  ownTagPrefix,
  partPattern,
  pluginNamePattern,
  snapshotLabelPattern,
  tagKeyPattern,
} from "../names.ts";

const word = (pattern: RegExp, rule: string) =>
  z.string({ error: `expected ${rule}` }).regex(pattern, { error: `expected ${rule}` });

export const InstanceName = word(instanceNamePattern, nameRules.instance);
export const PluginName = word(pluginNamePattern, nameRules.plugin);
export const SnapshotLabel = word(snapshotLabelPattern, nameRules.snapshotLabel);

/** One volume or one container of an instance. */
export const Part = word(partPattern, nameRules.part);

const TagKey = word(tagKeyPattern, `a key of ${nameRules.tagKey}`);
const TagValue = z.string().max(256, { error: "expected at most 256 characters" });
const fewEnough = (tags: object) => Object.keys(tags).length <= mostTags;
const tooMany = { error: `expected at most ${mostTags} entries` };

/** Free words on a snapshot or an instance. At most 64 of them, values up to 256 characters. */
export const Tags = z.record(TagKey, TagValue).refine(fewEnough, tooMany);
export type Tags = z.infer<typeof Tags>;

const isFree = (key: string) => !key.startsWith(ownTagPrefix);
const reserved = { error: `expected no key that begins with ${ownTagPrefix}: those are the daemon's own` };

/** Tags a caller may put on a snapshot: what the daemon tells its own snapshots by cannot be claimed. */
export const SnapshotTags = Tags.refine((tags) => Object.keys(tags).every(isFree), reserved);

/** Tags to add or replace; `null` takes one away, one of the daemon's own too. */
export const TagChanges = z
  .record(TagKey, TagValue.nullable())
  .refine(fewEnough, tooMany)
  .refine((tags) => Object.entries(tags).every(([key, value]) => value === null || isFree(key)), reserved);
