import * as z from "zod";
import {
  currentStateWord,
  instanceNamePattern,
  mostTags,
  nameRules,
  ownTagPattern,
  ownTagPrefix,
  partPattern,
  pluginNamePattern,
  snapshotLabelPattern,
  tagKeyPattern,
} from "../names.ts";
import { textUpTo, upToEntries } from "./rules.ts";

const word = (pattern: RegExp, rule: string) =>
  z.string({ error: `expected ${rule}` }).regex(pattern, { error: `expected ${rule}` });

export const InstanceName = word(instanceNamePattern, nameRules.instance);
export const PluginName = word(pluginNamePattern, nameRules.plugin);
export const SnapshotLabel = word(snapshotLabelPattern, nameRules.snapshotLabel);

/** A label for a new snapshot: the word for the current state of an instance is none. */
export const NewSnapshotLabel = SnapshotLabel.refine((label) => label !== currentStateWord, {
  error: `expected another label than ${currentStateWord}, which means the current state of an instance`,
}).meta({ not: { const: currentStateWord } });

/** One volume or one container of an instance. */
export const Part = word(partPattern, nameRules.part);

const TagKey = word(tagKeyPattern, `a key of ${nameRules.tagKey}`);
const TagValue = textUpTo(256);

const isFree = (key: string) => !ownTagPattern.test(key);
const reserved = { error: `expected no key that begins with ${ownTagPrefix}: those are the daemon's own` };
const FreeTagKey = TagKey.refine(isFree, reserved).meta({ not: { pattern: ownTagPattern.source } });

/** Free words on a snapshot or an instance. At most 64 of them, values up to 256 characters. */
export const Tags = upToEntries(mostTags, z.record(TagKey, TagValue));
export type Tags = z.infer<typeof Tags>;

/** Tags a caller may put on a snapshot: what the daemon tells its own snapshots by cannot be claimed. */
export const SnapshotTags = upToEntries(mostTags, z.record(FreeTagKey, TagValue));

/** Tags to add or replace; `null` takes one away, one of the daemon's own too. */
export const TagChanges = upToEntries(mostTags, z.record(TagKey, TagValue.nullable()))
  .refine((tags) => Object.entries(tags).every(([key, value]) => value === null || isFree(key)), reserved)
  .meta({ patternProperties: { [ownTagPattern.source]: { type: "null" } } });
