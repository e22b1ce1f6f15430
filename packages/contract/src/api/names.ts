import * as z from "zod";
import { instanceNamePattern, nameRules, pluginNamePattern, snapshotLabelPattern, tagKeyPattern } from "../names.ts";

const word = (pattern: RegExp, rule: string) =>
  z.string({ error: `expected ${rule}` }).regex(pattern, { error: `expected ${rule}` });

export const InstanceName = word(instanceNamePattern, nameRules.instance);
export const PluginName = word(pluginNamePattern, nameRules.plugin);
export const SnapshotLabel = word(snapshotLabelPattern, nameRules.snapshotLabel);

/** Free words on a snapshot or an instance. At most 64 of them, values up to 256 characters. */
export const Tags = z
  .record(
    word(tagKeyPattern, `a key of ${nameRules.tagKey}`),
    z.string().max(256, { error: "expected at most 256 characters" }),
  )
  .refine((tags) => Object.keys(tags).length <= 64, { error: "expected at most 64 entries" });
export type Tags = z.infer<typeof Tags>;
