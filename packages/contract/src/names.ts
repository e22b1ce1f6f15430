/** An instance's name: it becomes a namespace, a device, a socket and a folder, so it is narrow on purpose. */
export const instanceNamePattern = /^[a-z][a-z0-9-]{0,31}$/;

/** A plugin's name is the name of its executable. */
export const pluginNamePattern = /^[a-z][a-z0-9-]{0,31}$/;

/** A snapshot's label, unique within its instance. */
export const snapshotLabelPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Where a snapshot may be named: the current state of an instance. No new snapshot gets it as its label. */
export const currentStateWord = "now";

/** A volume or a container of an instance, as Docker calls it, behind the word for which it is. */
export const partPattern = /^(volume|container):([A-Za-z0-9][A-Za-z0-9_.-]{0,254})$/;

/** So many parts are reverted at once at most. */
export const mostParts = 64;

/** A schedule's name, unique within its instance. */
export const scheduleIdPattern = /^[a-z][a-z0-9-]{0,31}$/;

/** How the labels of a schedule's snapshots are written; with a time and a number in it, each is a label. */
export const labelTemplatePattern = /^(?=.{6,46}$)([A-Za-z0-9][A-Za-z0-9._-]*)?\{time\}[A-Za-z0-9._-]*$/;

/** A key of a tag or an operator's label. */
export const tagKeyPattern = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/;

/** So many tags a snapshot or an instance has at most. */
export const mostTags = 64;

/** Tags with this prefix are the daemon's own: they say which snapshots it made by itself. */
export const ownTagPrefix = "dockersnap.";
export const ownTagPattern = /^dockersnap\./;

/** On a snapshot that a schedule took: which one. */
export const scheduleTag = `${ownTagPrefix}schedule`;

/** What replaces the present of an instance, after the daemon kept it by itself. */
export type ReplacingAct = "revert" | "undo" | "redo";

/** Prefix of the labels of snapshots that keep what was there before such an act. */
export function autoLabelPrefix(act: ReplacingAct): string {
  return `auto-before-${act}-`;
}

/** The version of the plugin contract this code speaks. */
export const contractVersion = "1";

/** What a person is told when a name does not fit, so that every edge says the same. */
export const nameRules = {
  instance: "a lower-case letter followed by up to 31 lower-case letters, digits or hyphens",
  plugin: "a lower-case letter followed by up to 31 lower-case letters, digits or hyphens",
  snapshotLabel: "a letter or digit followed by up to 63 letters, digits, dots, underscores or hyphens",
  part: "volume:<name> or container:<name>",
  schedule: "a lower-case letter followed by up to 31 lower-case letters, digits or hyphens",
  labelTemplate: "up to 40 letters, digits, dots, underscores or hyphens around one {time}, such as nightly-{time}",
  tagKey: "a letter or digit followed by up to 62 letters, digits, dots, underscores, slashes or hyphens",
} as const;
